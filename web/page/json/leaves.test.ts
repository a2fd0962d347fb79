import { expect, test } from 'vitest'
import { leavesOf, wordsOf } from './leaves.ts'
import { redacted } from './redacted.ts'

test('every value is found with what leads to it, in order', () => {
  expect(leavesOf({ a: 1, b: { c: [true, null], '': 'x' }, e: {}, f: [] })).toEqual([
    { path: ['a'], value: 1 },
    { path: ['b', 'c', '0'], value: true },
    { path: ['b', 'c', '1'], value: null },
    { path: ['b', ''], value: 'x' },
    { path: ['e'], value: {} },
    { path: ['f'], value: [] },
  ])
})

test('parameters are deep or wide without a fault', () => {
  let deep: object = { end: 'Here' }
  for (let i = 0; i < 5000; i++) deep = { a: deep }
  expect(leavesOf(deep)).toHaveLength(1)
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key${i}`, i]))
  expect(leavesOf(wide)).toHaveLength(5000)
})

test('names and values are found by what somebody types', () => {
  const words = wordsOf({ order: 'ORD-1287', lines: [{ sku: 'LAMP-3', count: 2 }] })
  for (const typed of ['ord-1287', 'lines.0.sku', 'lamp', 'count 2']) expect(words).toContain(typed)
})

test('only the mark that the operator writes is one', () => {
  const digest = `hmac-sha256:${'a'.repeat(64)}`
  expect(redacted({ $redacted: digest })).toBe(digest)
  for (const other of [
    'redacted',
    { $redacted: 'yes' },
    { $redacted: digest, more: 1 },
    { redacted: digest },
    null,
  ]) {
    expect(redacted(other)).toBeUndefined()
  }
})
