import { expect, test } from 'vitest'
import type { Run, Step } from '../../api/types.ts'
import { countsOf, timesOf } from './totals.ts'

const start = '2026-11-22T10:00:00Z'
const at = (seconds: number) => new Date(Date.parse(start) + seconds * 1000).toISOString()
const run = (changes: Partial<Run>) => changes as Run

test('counts answers, calls by how they ended, and tokens', () => {
  const steps: Step[] = [
    { type: 'Model', turn: 1, usage: { inputTokens: 100, outputTokens: 20 } },
    { type: 'ToolCall', id: '1.0', state: 'Succeeded' },
    { type: 'ToolCall', id: '1.1', state: 'Rejected' },
    { type: 'ToolCall', id: '1.2', state: 'Succeeded' },
    { type: 'Model', turn: 2 },
  ]
  expect(countsOf(steps)).toEqual({
    turns: 2,
    calls: 3,
    callWords: '2 answered, 1 rejected',
    inputTokens: 100,
    outputTokens: 20,
    uncounted: 1,
  })
})

test('tells the time waited for people from the time worked, also while it waits', () => {
  const ended = run({ startedAt: start, finishedAt: at(60), waitedSeconds: 45 })
  expect(timesOf(ended, Date.parse(at(900)))).toEqual({ whole: 60_000, waited: 45_000, worked: 15_000 })
  const waiting = run({ startedAt: start, waitedSeconds: 10, awaitingSince: at(30) })
  expect(timesOf(waiting, Date.parse(at(50)))).toEqual({ whole: 50_000, waited: 30_000, worked: 20_000 })
})

test('has no times before the start, and none that are negative where clocks differ', () => {
  expect(timesOf(run({}), 0)).toBeUndefined()
  const early = run({ startedAt: start, awaitingSince: at(2), waitedSeconds: 0 })
  expect(timesOf(early, Date.parse(at(-3)))).toEqual({ whole: 0, waited: 0, worked: 0 })
})
