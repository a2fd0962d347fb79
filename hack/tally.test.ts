import { expect, test } from 'vitest'
import { sum, summary, type Tally, tallyOf, type VitestReport } from './tally.ts'

const report = (more: Partial<VitestReport> = {}): VitestReport => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...more,
})

const tally = (passed: number, failed: number, skipped = 0): Tally => ({ passed, failed, skipped })
const failedTest = { status: 'failed', assertionResults: [{ status: 'failed' }] }
const brokenFile = { status: 'failed', assertionResults: [] }

test.each([
  ['a run in which all is well', { report: report(), exitCode: 0 }, tally(3, 0)],
  [
    'skipped and to-do tests',
    { report: report({ numPendingTests: 2, numTodoTests: 1 }), exitCode: 0 },
    tally(3, 0, 3),
  ],
  [
    'a failed test once, not its file as well',
    { report: report({ numFailedTests: 1, testResults: [failedTest] }), exitCode: 1 },
    tally(3, 1),
  ],
  ['a file that does not load', { report: report({ testResults: [brokenFile] }), exitCode: 1 }, tally(3, 1)],
  ['an error outside any test', { report: report(), exitCode: 1 }, tally(3, 1)],
  ['a run that died without a report, as a failure', { exitCode: 1 }, tally(0, 1)],
  ['a run that left no report but says it went well, as a failure', { exitCode: 0 }, tally(0, 1)],
])('counts %s', (_name, part, expected) => {
  expect(tallyOf(part)).toEqual(expected)
})

test.each([
  [[tally(3, 0), tally(2, 0)], '5 passed, 0 failed'],
  [[tally(3, 1), tally(0, 1)], '3 passed, 2 failed'],
  [[tally(3, 0, 1), tally(0, 0, 1)], '3 passed, 0 failed, 2 skipped'],
])('sums %j up as "%s"', (parts, expected) => {
  expect(summary(sum(parts))).toBe(expected)
})
