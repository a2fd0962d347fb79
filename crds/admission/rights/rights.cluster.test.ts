// The table of rights against the API server: every actor, every deed, every form of it, dry.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attempt } from '../../../hack/rights/attempt.ts'
import { makeWorld, type World } from '../../../hack/rights/world.ts'
import { actors } from './actors.ts'
import { sections } from './deeds.ts'
import { type Outcome, outcome } from './table.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world?.end())

/** Of several policies that refuse, the API server names one. */
const agrees = (answer: string, expected: Outcome): boolean =>
  expected.is === 'policy' ? expected.policies.includes(answer) : answer === expected.is

const words = (expected: Outcome): string =>
  expected.is === 'policy' ? expected.policies.join(' or ') : expected.is

describe.each(sections)('$title', ({ deeds }) => {
  it.each(actors.map(({ who }) => who))('%s may do what the table says, and no more', async who => {
    const cells = deeds.flatMap(deed => deed.forms.map(form => ({ deed, form })))
    const wrong = await Promise.all(
      cells.map(async ({ deed, form }) => {
        const expected = outcome(who, deed, form)
        const answer = await attempt(world, who, deed, form).catch(error => `fault: ${error}`)
        return agrees(answer, expected) ? [] : [`${deed.what}, by ${form}: ${answer}, not ${words(expected)}`]
      }),
    )
    expect(wrong.flat()).toEqual([])
  })
})

it('holds every cell that it should', () => {
  const forms = sections.flatMap(({ deeds }) => deeds.flatMap(deed => deed.forms))
  expect(forms.length * actors.length).toBeGreaterThan(5000)
})
