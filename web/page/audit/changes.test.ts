import { expect, test } from 'vitest'
import { diffOf } from '../../../operator/controllers/changes/diff.ts'
import { changesIn } from './changes.ts'

test('what the operator writes of a change is read as it was meant', () => {
  const before = {
    approval: { tools: [{ name: 'a.b', when: 'param.x: 1 -> 2' }], timeoutSeconds: 60 },
    gone: 'x',
  }
  const after = { approval: { tools: [{ name: 'a.b', when: 'param.x > 1' }], timeoutSeconds: 90 }, come: [1] }
  expect(changesIn(diffOf(before, after))).toEqual([
    { path: 'approval.tools[0].when', before: '"param.x: 1 -> 2"', after: '"param.x > 1"' },
    { path: 'approval.timeoutSeconds', before: '60', after: '90' },
    { path: 'gone', before: '"x"' },
    { path: 'come[0]', after: '1' },
  ])
})

test('a long value that was cut still stands on its side', () => {
  const [change] = changesIn(diffOf({ prompt: 'a'.repeat(2000) }, { prompt: 'b' }))
  expect(change).toMatchObject({ path: 'prompt', after: '"b"' })
  expect(changesIn(diffOf(undefined, { prompt: 'a'.repeat(2000) }))[0]).toMatchObject({ path: 'prompt' })
})

test.each([
  'deleted',
  'name: ci\nuser: alice@acme.com',
  'changed tools accepted: sha256:0',
  'not known: x -> y',
])('what is no line of a diff is words: %j', diff => {
  expect(changesIn(diff)).toEqual(diff.split('\n').map(words => ({ words })))
})
