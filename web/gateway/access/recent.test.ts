import { describe, expect, test } from 'vitest'
import { settled, TestClock } from '../../../kube/testing.ts'
import { type Outcome, Recent } from './recent.ts'

function recent(max = 100) {
  const clock = new TestClock()
  const answers = new Recent<number>({ clock, maxAgeMs: 2000, max })
  let asked = 0
  const ask = (key = 'a') => answers.get(key, async () => ++asked)
  return { clock, answers, ask, asked: () => asked }
}

describe('answers that are kept while they are young', () => {
  test('should give an answer again for less than its age, counted from the question', async () => {
    const { clock, answers } = recent()
    const first = Promise.withResolvers<number>()
    const slow = answers.get('a', () => first.promise)
    await clock.advance(1500)
    first.resolve(1)
    expect(await slow).toBe(1)
    await clock.advance(499)
    expect(await answers.get('a', async () => 2)).toBe(1)
    await clock.advance(1)
    expect(await answers.get('a', async () => 2)).toBe(2)
  })

  test('should not grow older than that by being asked for often', async () => {
    const { clock, ask } = recent()
    const seen: number[] = []
    for (let i = 0; i < 9; i++) {
      seen.push(await ask())
      await clock.advance(500)
    }
    expect(seen).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3])
  })

  test('should answer all who ask at once with one question', async () => {
    const { ask, asked } = recent()
    expect(await Promise.all([ask(), ask(), ask(), ask('b')])).toEqual([1, 1, 1, 2])
    expect(asked()).toBe(2)
  })

  test('should not keep a failure, and fail all who shared it', async () => {
    const { answers, ask } = recent()
    const fail = () => answers.get('a', () => Promise.reject(new Error('away')))
    const results = await Promise.allSettled([fail(), ask()])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await settled()
    expect(await ask()).toBe(1)
  })

  test('should not share a question that was under way when it was told to forget', async () => {
    const { answers, ask } = recent()
    const slow = Promise.withResolvers<number>()
    const before = answers.get('a', () => slow.promise)
    answers.forget(key => key === 'a')
    expect(await ask()).toBe(1)
    slow.resolve(99)
    expect(await before).toBe(99)
    expect(await ask()).toBe(1)
  })

  test('should ask again when the clock was turned back', async () => {
    const { clock, ask } = recent()
    await ask()
    clock.jump(-10_000)
    expect(await ask()).toBe(2)
  })

  test('should ask again for somebody who wants a younger answer', async () => {
    const { clock, answers, ask } = recent()
    await ask()
    await clock.advance(300)
    expect(await answers.get('a', async () => 7, { maxAgeMs: 400 })).toBe(1)
    expect(await answers.get('a', async () => 7, { maxAgeMs: 300 })).toBe(7)
    expect(await ask()).toBe(7)
  })

  test('should forget what was used longest ago when there is too much', async () => {
    const { answers, ask } = recent(2)
    await ask('a')
    await ask('b')
    await ask('a')
    await ask('c')
    expect(answers.size).toBe(2)
    const outcomes: Outcome[] = []
    await answers.get('a', async () => 0, { onOutcome: outcome => outcomes.push(outcome) })
    await answers.get('b', async () => 0, { onOutcome: outcome => outcomes.push(outcome) })
    expect(outcomes).toEqual(['shared', 'asked'])
  })
})
