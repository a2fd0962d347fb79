/** How many tests came to which end. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The parts of vitest's JSON report that are read here. */
export interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/** How a part of the run ended. */
export interface PartResult {
  /** Absent when there is none: it died, or never began. */
  readonly report?: VitestReport | undefined
  readonly exitCode: number
}

/**
 * Counts one vitest run. A file that fails without a failed test in it (it does not load, its hooks throw) counts
 * as one failure, and so does a run that fails for any other reason or leaves no report.
 */
export function tallyOf({ report, exitCode }: PartResult): Tally {
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const brokenFiles = report.testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  ).length
  const failed = report.numFailedTests + brokenFiles
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** The sum of several. */
export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((n, tally) => n + tally.passed, 0),
  failed: tallies.reduce((n, tally) => n + tally.failed, 0),
  skipped: tallies.reduce((n, tally) => n + tally.skipped, 0),
})

/** `3 passed, 1 failed`, and `, 2 skipped` if any. */
export const summary = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
