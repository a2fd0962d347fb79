import { expect, test } from 'vitest'
import { ago } from './ago.ts'
import { inWords } from './in-words.ts'
import { fromLocal, sinceUntil, toLocal } from './time-range.ts'

const now = Date.parse('2026-11-22T12:00:00Z')

test.each([
  [{ last: 'hour' }, { since: '2026-11-22T11:00:00.000Z' }],
  [{ last: 'day' }, { since: '2026-11-21T12:00:00.000Z' }],
  [{ last: 'week' }, { since: '2026-11-15T12:00:00.000Z' }],
  // A preset stands for itself; what is no preset asks for nothing.
  [{ last: 'hour', from: 'x' }, { since: '2026-11-22T11:00:00.000Z' }],
  [{ last: 'constructor' }, {}],
  [{ from: '2026-11-01T00:00:00Z' }, { since: '2026-11-01T00:00:00Z' }],
  [{ until: '2026-11-02T00:00:00Z' }, { until: '2026-11-02T00:00:00Z' }],
  // What the gateway will refuse is not hidden from it.
  [{ from: 'yesterday' }, { since: 'yesterday' }],
  [{}, {}],
])('%j asks for %j', (query, asked) => {
  expect(sinceUntil(query, now)).toEqual(asked)
})

test('a moment of the address comes back from its field, in whatever time zone', () => {
  expect(fromLocal(toLocal('2026-07-22T12:34:00.000Z'))).toBe('2026-07-22T12:34:00.000Z')
  expect([toLocal(undefined), toLocal('yesterday'), fromLocal('')]).toEqual(['', '', ''])
})

test.each([
  [2, 'just now'],
  [-30, 'just now'],
  [59, '59 s ago'],
  [60, '1 min ago'],
  [7199, '1 h ago'],
  [6 * 86_400, '6 d ago'],
])('what happened %d seconds ago happened %s', (seconds, words) => {
  expect(ago(new Date(now - seconds * 1000).toISOString(), now)).toBe(words)
})

test('what is long ago has its date', () => {
  expect(ago('2024-02-03T12:00:00Z', now)).toMatch(/2024/)
})

test('a reason is read as words', () => {
  expect(['ToolsetUnavailable', 'AgentNotReady', 'ModelError'].map(inWords)).toEqual([
    'Toolset unavailable',
    'Agent not ready',
    'Model error',
  ])
})
