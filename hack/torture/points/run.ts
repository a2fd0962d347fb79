import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type OperatorProcess, spawnOperator } from '../../../operator/testing/process.ts'
import { faultsIn } from '../check/check.ts'
import type { ExpectedRun } from '../check/evidence.ts'
import { gather } from '../check/gather.ts'
import type { Ground } from '../ground.ts'
import { createAgent, createRun } from '../load/begin.ts'
import { type Desk, startDesk } from '../load/desk.ts'
import { type People, startPeople } from '../load/people.ts'
import { diedOver, expectedRun } from '../load/plots.ts'
import { DEATHS, type Death, together } from './points.ts'

/** Much longer than anything takes; it ends a test that hangs. */
const PATIENCE_MS = 90_000

export interface PointsOptions {
  readonly ground: Ground
  /** Runs that die at each point and side; at once where that can be. */
  readonly rounds: number
  /** Series of deaths side by side, each in a namespace of its own. */
  readonly lanes: number
  readonly deaths?: readonly Death[]
  readonly progress: (line: string) => void
}

export interface PointsResult {
  /** Processes that were killed. */
  readonly deaths: number
  /** Runs that were at a point when they were. */
  readonly runs: number
  /** What was not as promised, a sentence each. */
  readonly faults: readonly string[]
}

/** One death to die, by the runs that have these names. */
interface Job extends Death {
  readonly runs: readonly string[]
}

/** Where several can die at once: as many as fit a process without making it slow. */
const AT_ONCE = 10

const jobsOf = (deaths: readonly Death[], rounds: number): readonly Job[] =>
  deaths.flatMap((death, index) => {
    const names = Array.from({ length: rounds }, (_, round) => `k${digits(index)}-${digits(round)}-x`)
    const size = together(death.point) ? AT_ONCE : 1
    return Array.from({ length: Math.ceil(rounds / size) }, (_, part) => ({
      ...death,
      runs: names.slice(part * size, (part + 1) * size),
    }))
  })

/** No name is part of another. */
const digits = (number: number): string => String(number).padStart(4, '0')

/**
 * Kills the real operator before and after each point, as often as is asked, starts it again, and checks from the outside
 * what came of it. Each next process completes what the dead one left, and dies in turn over a run of its own.
 */
export const runPoints = async (options: PointsOptions): Promise<PointsResult> => {
  const { ground, rounds, lanes, deaths = DEATHS, progress } = options
  const jobs = jobsOf(deaths, rounds)
  const faults: string[] = []
  let died = 0
  await compileOnce(ground)
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const mine = jobs.filter((_, index) => index % lanes === lane)
      if (mine.length === 0) return
      const found = await dieInTurn(ground, `points-${Date.now().toString(36)}-${lane}`, mine, () => {
        died++
        if (died % 25 === 0) progress(`${died} of ${jobs.length} deaths`)
      })
      faults.push(...found)
    }),
  )
  return { deaths: died, runs: jobs.flatMap(({ runs }) => runs).length, faults }
}

const dieInTurn = async (
  ground: Ground,
  namespace: string,
  jobs: readonly Job[],
  died: () => void,
): Promise<readonly string[]> => {
  await ground.namespace(namespace)
  const desk = await startDesk()
  const people = await startPeople(ground, namespace)
  let living: OperatorProcess | undefined
  try {
    const expected: ExpectedRun[] = []
    for (const job of jobs) {
      living = await spawn(ground, namespace, job)
      // What it died over before is brought to its end first: the next death is to hit nothing else.
      for (const { run } of expected) await people.untilAtRest(run, PATIENCE_MS)
      expected.push(...(await dieOnce(ground, namespace, job, living, desk, people)))
      living = undefined
      died()
    }
    living = await spawn(ground, namespace)
    for (const { run } of expected) await people.untilAtRest(run, PATIENCE_MS)
    await living.stop()
    living = undefined
    return faultsIn(await gather(ground.admin, expected, desk.log()))
  } finally {
    await living?.kill()
    await people.stop()
    await desk.stop()
  }
}

const PRELOAD = 'hack/torture/points/preload.ts'
const compiled = (ground: Ground) => ({ NODE_COMPILE_CACHE: join(ground.folder, 'compiled') })

/** Node keeps what it compiled when a process ends by itself, which those that are killed do not. */
const compileOnce = async (ground: Ground): Promise<void> => {
  await promisify(execFile)(process.execPath, [`--import=./${PRELOAD}`, 'operator/main.ts', '--help'], {
    cwd: join(import.meta.dirname, '../../..'),
    env: { ...process.env, ...compiled(ground) },
  }).catch(() => undefined)
}

const spawn = (ground: Ground, namespace: string, job?: Job): Promise<OperatorProcess> =>
  spawnOperator(namespace, ground.operator, ['--impersonation=off'], {
    preload: [PRELOAD],
    env: {
      ...compiled(ground),
      ...(job
        ? {
            COUNTERSIGN_FAILPOINT: `${job.side}:${job.point.name}`,
            COUNTERSIGN_FAILPOINT_RUNS: job.runs.join(','),
          }
        : {}),
    },
  })

const dieOnce = async (
  ground: Ground,
  namespace: string,
  job: Job,
  operator: OperatorProcess,
  desk: Desk,
  people: People,
): Promise<readonly ExpectedRun[]> => {
  const { runs, plot, side, point } = job
  for (const run of runs) {
    people.expect(run, plot)
    await createAgent(ground.admin, namespace, run, plot, desk)
    await createRun(ground.admin, namespace, run, run, plot)
  }
  const place = `${side} ${point.name} in plot ${plot}`
  const timer = Promise.withResolvers<never>()
  const patience = setTimeout(
    () => timer.reject(new Error(`the operator did not come to ${place}: ${operator.log()}`)),
    PATIENCE_MS,
  )
  const signal = await Promise.race([operator.ended, timer.promise]).finally(() => clearTimeout(patience))
  if (signal !== 'SIGKILL')
    throw new Error(`the operator ended by itself on its way to ${place}: ${operator.log()}`)
  const expected = runs.map(run => expectedRun(namespace, run, plot))
  return point.unknown?.includes(side) ? expected.map(one => diedOver(one, Date.now())) : expected
}
