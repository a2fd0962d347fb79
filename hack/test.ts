// `npm test`: everything. Unit tests run while the control plane's programs are found or built, then the tests
// against a real API server, then the checks. `npm test -- <filter>` hands everything after `--` to vitest and
// leaves the checks out. The last line is `N passed, N failed`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checks, repository, run, runChecks, signalRunning } from './checks.ts'
import { ensureBinaries } from './controlplane/binaries.ts'
import { sum, summary, type Tally, tallyOf, type VitestReport } from './tally.ts'

const currentCluster = '--use-current-cluster'
const useCurrentCluster = process.argv.includes(currentCluster)
const filters = process.argv.slice(2).filter(argument => argument !== currentCluster)
const failure: Tally = { passed: 0, failed: 1, skipped: 0 }

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signalRunning(signal)
    process.exit(1)
  })
}

const reports = mkdtempSync(join(tmpdir(), 'countersign-test-'))
process.on('exit', () => rmSync(reports, { recursive: true, force: true }))

// Its failure is reported when its turn comes.
const binaries = useCurrentCluster ? Promise.resolve() : ensureBinaries()
binaries.catch(() => {})

const tallies = [await vitest('unit')]
try {
  await binaries
  tallies.push(await vitest('cluster'))
  // Its people have tokens only on a cluster of our own.
  if (process.env.COUNTERSIGN_NO_BROWSER === '1') {
    console.error('The tests of the page were left out: there is no browser (COUNTERSIGN_NO_BROWSER).')
  } else if (!useCurrentCluster) tallies.push(await vitest('browser'))
} catch (error) {
  console.error(`The cluster tests did not run: ${(error as Error).message}`)
  tallies.push(failure)
}
if (filters.length === 0) {
  const all = checks()
  const failed = (await runChecks(all)).length
  tallies.push({ passed: all.length - failed, failed, skipped: 0 })
}

const total = sum(tallies)
if (total.failed > 0 || total.passed === 0) process.exitCode = 1
if (total.passed + total.failed === 0) console.error(`No test matches ${filters.join(' ')}`)
console.log(summary(total))

async function vitest(project: 'unit' | 'cluster' | 'browser'): Promise<Tally> {
  const file = join(reports, `${project}.json`)
  const args = [
    join(repository, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    // A filter may well match files of one project only.
    ...(filters.length > 0 ? ['--passWithNoTests'] : []),
    ...filters,
  ]
  const exitCode = await run(
    process.execPath,
    args,
    useCurrentCluster ? { COUNTERSIGN_USE_CURRENT_CLUSTER: '1' } : {},
  )
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as VitestReport) : undefined
  return tallyOf({ report, exitCode })
}
