import type { Stack } from '../demo/stack.ts'
import { type Field, isOpen, openField } from './field.ts'
import type { Figure, Measurement } from './measurement.ts'
import { between, countsOf, untilQuiet, writesAmong } from './writes.ts'

const RUNS = 200
/** Runs at the start that are not counted: code is compiled. */
const WARM_UP = 20
/** After so long without a write the wave is over. */
const QUIET_MS = 500

/**
 * 200 runs created at once until all their requests are open, then all approved at once until all tools have started.
 * Beside it how often the operator writes for each run.
 */
export const burst: Measurement = {
  name: 'burst',
  run: async (stack, progress) => {
    const field = await openField(stack)
    try {
      await field.project('burst')
      await field.agent('burst')
      await wave(field, stack, 'warm', WARM_UP, () => {})
      progress(`${RUNS} runs at once`)
      const took = await wave(field, stack, 'wave', RUNS, progress)
      return figures(took)
    } finally {
      await field.close()
    }
  },
}

interface Wave {
  readonly requestSeconds: number
  readonly runSeconds: number
  readonly writesToRequest: number
  readonly writes: number
}

const wave = async (
  field: Field,
  stack: Stack,
  name: string,
  size: number,
  progress: (line: string) => void,
): Promise<Wave> => {
  const runs = Array.from({ length: size }, (_, index) => `${name}-${index}`)
  const refs = runs.map(run => ({ namespace: 'burst', name: `${run}-1-0` }))
  const before = await countsOf(stack)
  const opened = refs.map(ref => field.seen(ref, isOpen))
  const began = performance.now()
  await Promise.all(runs.map(run => field.start('burst', run)))
  const allOpen = Math.max(...(await Promise.all(opened)))
  const open = await untilQuiet(stack, QUIET_MS)
  progress(`Until its request is open, for each run: ${between(before, open, size)}`)
  const calls = runs.map(run => field.called(run))
  const approving = performance.now()
  await Promise.all(refs.map(ref => field.approve(ref)))
  const allCalled = Math.max(...(await Promise.all(calls)))
  const after = await untilQuiet(stack, QUIET_MS)
  progress(`From then on: ${between(open, after, size)}`)
  return {
    requestSeconds: (allOpen - began) / 1000,
    runSeconds: (allCalled - approving) / 1000,
    // Without those of the measurement: the run, and the decision.
    writesToRequest: (writesAmong(open) - writesAmong(before)) / size - 1,
    writes: (writesAmong(after) - writesAmong(before)) / size - 2,
  }
}

const figures = (took: Wave): Figure[] => [
  {
    name: 'burstRequestSeconds',
    value: took.requestSeconds,
    unit: 's',
    what: `${RUNS} runs created at once until all requests are open; aim: under 3`,
  },
  {
    name: 'burstRunSeconds',
    value: took.runSeconds,
    unit: 's',
    what: `${RUNS} approved at once until all tools have started; aim: under 3`,
  },
  {
    name: 'writesToRequest',
    value: took.writesToRequest,
    unit: '',
    what: 'API writes for a run until its request is open, Events and notifications included; aim: 5',
  },
  { name: 'writesPerRun', value: took.writes, unit: '', what: 'API writes for a run with one gated call' },
]
