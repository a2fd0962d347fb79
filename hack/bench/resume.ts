import { isOpen, openField } from './field.ts'
import { type Figure, type Measurement, quantile } from './measurement.ts'

const ROUNDS = 200
/** Left out at the start: connections are opened and code is compiled. */
const WARM_UP = 20

/**
 * From a decision that is stored to the tool that starts, one call at a time. Beside it, from the very same decisions,
 * what the API server needs by itself: from the PATCH that is sent to the event of a watch.
 */
export const resume: Measurement = {
  name: 'resume',
  run: async (stack, progress) => {
    const field = await openField(stack)
    try {
      await field.project('resume')
      await field.agent('resume')
      const [times, floors]: [number[], number[]] = [[], []]
      for (let round = 0; round < WARM_UP + ROUNDS; round++) {
        if (round % 50 === 0) progress(`decision ${round} of ${WARM_UP + ROUNDS}`)
        const run = `r${round}`
        const ref = { namespace: 'resume', name: `${run}-1-0` }
        await field.start('resume', run)
        await field.seen(ref, isOpen)
        const watched = field.seen(ref, ({ status }) => status.decisions.length > 0)
        const { sent, stored } = await field.approve(ref)
        const called = await field.called(run)
        if (round < WARM_UP) continue
        times.push(Math.max(0, called - stored))
        floors.push((await watched) - sent)
      }
      return ([50, 99] as const).flatMap(percent => figuresAt(percent, times, floors))
    } finally {
      await field.close()
    }
  },
}

const figuresAt = (percent: 50 | 99, times: readonly number[], floors: readonly number[]): Figure[] => {
  const name = `resumeP${percent}`
  const [value, floor] = [quantile(times, percent / 100), quantile(floors, percent / 100)]
  const limit = percent === 50 ? 3 : 6
  return [
    { name, value, unit: 'ms', what: `decision stored to tool started, p${percent}` },
    {
      name: `${name}Floor`,
      value: floor,
      unit: 'ms',
      what: `the server's own PATCH to watch event, p${percent}`,
    },
    { name: `${name}Ratio`, value: value / floor, unit: 'x', what: `aim: at most ${limit}` },
  ]
}
