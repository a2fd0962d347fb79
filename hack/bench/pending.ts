import { setTimeout as delay } from 'node:timers/promises'
import type { Stack } from '../demo/stack.ts'
import { type Field, isOpen, openField } from './field.ts'
import { type Figure, type Measurement, quantile } from './measurement.ts'
import { cpuSeconds, rssMB } from './process-usage.ts'
import { untilQuiet, writesAmong, writesOf } from './writes.ts'

/** Runs created at once on the way up. */
const AT_ONCE = 50
/** Decisions at each level. */
const DECISIONS = 30
const IDLE_SECONDS = 30

/**
 * Runs that wait for a person, real ones, more and more of them: what the operator takes while nothing happens, how long a
 * decision takes, and how soon after a crash the first one is handled. @param levels how many wait, rising
 */
export const pending = (levels: readonly number[]): Measurement => ({
  name: 'pending',
  run: async (stack, progress) => {
    const field = await openField(stack)
    const figures: Figure[] = []
    try {
      await field.project('pending')
      await field.agent('pending')
      let created = 0
      let waiting: string[] = []
      for (const level of levels) {
        const added: string[] = []
        while (waiting.length + added.length < level) {
          const size = Math.min(AT_ONCE, level - waiting.length - added.length)
          const batch = Array.from({ length: size }, () => `p${created++}`)
          await Promise.all(batch.map(run => field.start('pending', run)))
          await Promise.all(batch.map(run => field.seen(refOf(run), isOpen)))
          added.push(...batch)
          if ((waiting.length + added.length) % 1000 === 0)
            progress(`${waiting.length + added.length} are waiting`)
        }
        waiting = [...waiting, ...added]
        progress(`${level} are waiting: idle for ${IDLE_SECONDS} s`)
        const last = level === levels.at(-1)
        const named = (figure: Figure): Figure[] => [
          { ...figure, name: `${figure.name}At${level}` },
          ...(last ? [figure] : []),
        ]
        for (const figure of await idle(stack)) figures.push(...named(figure))
        const times: number[] = []
        for (const run of waiting.splice(0, DECISIONS)) times.push(await resumeMs(field, run))
        figures.push({
          name: `pendingResumeP50At${level}`,
          value: quantile(times, 0.5),
          unit: 'ms',
          what: `decision stored to tool started while ${level} wait, p50`,
        })
        const [first] = waiting.splice(0, 1)
        if (first === undefined) continue
        progress(`${level} are waiting: the operator is killed`)
        figures.push(
          ...named({
            name: 'restartSeconds',
            value: await restart(stack, field, first),
            unit: 's',
            what: `from kill -9 to the tool of the first decision, ${level} waiting; aim: under 5`,
          }),
        )
      }
      return figures
    } finally {
      await field.close()
    }
  },
})

const refOf = (run: string) => ({ namespace: 'pending', name: `${run}-1-0` })

const operatorPid = (stack: Stack): number => {
  const { operator } = stack.pids()
  if (operator === undefined) throw new Error('the operator does not run')
  return operator
}

const idle = async (stack: Stack): Promise<Figure[]> => {
  const pid = operatorPid(stack)
  // What was begun is over, and what is no longer needed was collected.
  const writes = writesAmong(await untilQuiet(stack, 2000))
  const cpu = cpuSeconds(pid)
  await delay(IDLE_SECONDS * 1000)
  return [
    {
      name: 'idleRssMB',
      value: rssMB(pid),
      unit: 'MB',
      what: 'memory of the operator while nothing happens; aim: under 300',
    },
    {
      name: 'idleCpuPercent',
      value: ((cpuSeconds(pid) - cpu) / IDLE_SECONDS) * 100,
      unit: '%',
      what: 'of a core meanwhile; aim: under 2',
    },
    {
      name: 'idleWrites',
      value: (await writesOf(stack)) - writes,
      unit: '',
      what: 'API writes meanwhile; aim: 0',
    },
  ]
}

const resumeMs = async (field: Field, run: string): Promise<number> => {
  const called = field.called(run)
  const { stored } = await field.approve(refOf(run))
  return Math.max(0, (await called) - stored)
}

/** Seconds from a crash of the operator to the tool of the first decision that comes after it. */
const restart = async (stack: Stack, field: Field, run: string): Promise<number> => {
  const called = field.called(run)
  const began = performance.now()
  const { restarted } = stack.killOperator()
  await field.approve(refOf(run))
  const seconds = ((await called) - began) / 1000
  await restarted
  return seconds
}
