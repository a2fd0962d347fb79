import { isOpen, openField } from './field.ts'
import type { Measurement } from './measurement.ts'

const CROWD = 5000
const AT_ONCE = 50
const ROUNDS = 10

/**
 * From the creation of a run to its open request, in a project of its own: while nothing else happens, and while another
 * project has created five thousand runs at once.
 */
export const fairness: Measurement = {
  name: 'fairness',
  run: async (stack, progress) => {
    const field = await openField(stack)
    try {
      for (const project of ['crowd', 'single']) {
        await field.project(project)
        await field.agent(project)
      }
      const one = async (name: string): Promise<number> => {
        const began = performance.now()
        await field.start('single', name)
        return (await field.seen({ namespace: 'single', name: `${name}-1-0` }, isOpen)) - began
      }
      const mean = async (prefix: string): Promise<number> => {
        let sum = 0
        for (let round = 0; round < ROUNDS; round++) sum += await one(`${prefix}-${round}`)
        return sum / ROUNDS
      }
      await mean('warm')
      const alone = await mean('alone')
      progress(`another project creates ${CROWD} runs`)
      const runs = Array.from({ length: CROWD }, (_, index) => `c${index}`)
      const opened = runs.map(run => field.seen({ namespace: 'crowd', name: `${run}-1-0` }, isOpen))
      let open = 0
      for (const one of opened) void one.then(() => open++)
      const began = performance.now()
      for (let from = 0; from < CROWD; from += AT_ONCE)
        await Promise.all(runs.slice(from, from + AT_ONCE).map(run => field.start('crowd', run)))
      const beside = await mean('beside')
      if (open === CROWD) throw new Error('the crowd was gone before the single run was measured')
      const last = Math.max(...(await Promise.all(opened))) - began
      return [
        { name: 'singleRunMs', value: alone, unit: 'ms', what: 'a run until its request is open, alone' },
        {
          name: 'singleRunBesideCrowdMs',
          value: beside,
          unit: 'ms',
          what: `the same while another project's ${CROWD} runs are under way`,
        },
        {
          name: 'fairnessRatio',
          value: beside / last,
          unit: 'x',
          what: 'of the time that the crowd takes; 1 would be standing behind all of them',
        },
      ]
    } finally {
      await field.close()
    }
  },
}
