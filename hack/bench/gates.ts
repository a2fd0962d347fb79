import { type Field, openField } from './field.ts'
import type { Measurement } from './measurement.ts'
import { rawRates } from './raw.ts'

/** Runs under way together, and calls that the model asks for in one answer of each. */
const RUNS = 8
const CALLS = 25

/**
 * How fast gates create requests where there are many at once, each with its record and its times, beside how fast the API
 * server creates such requests by itself, over as many connections.
 */
export const gates: Measurement = {
  name: 'gates',
  run: async (stack, progress) => {
    const field = await openField(stack, spoken =>
      spoken === 0
        ? {
            calls: Array.from({ length: CALLS }, (_, index) => ({
              tool: 'desk.pay',
              params: { order: index },
            })),
          }
        : { text: 'done' },
    )
    try {
      await field.project('gates')
      await field.agent('gates')
      await wave(field, 'warm', 1)
      progress(`${RUNS} runs with ${CALLS} gated calls each`)
      const rate = await wave(field, 'wave', RUNS)
      progress('how fast the API server creates requests by itself')
      const { creates: floor } = await rawRates(stack, field)
      return [
        { name: 'createRate', value: rate, unit: '/s', what: 'requests that gates create, many at once' },
        {
          name: 'createRateFloor',
          value: floor,
          unit: '/s',
          what: 'requests that the API server creates by itself',
        },
        { name: 'createRatio', value: rate / floor, unit: 'x', what: 'aim: at least 0.6' },
      ]
    } finally {
      await field.close()
    }
  },
}

/** Requests created a second, from the first to the last. */
const wave = async (field: Field, name: string, runs: number): Promise<number> => {
  const names = Array.from({ length: runs }, (_, index) => `${name}-${index}`)
  const created = names.flatMap(run =>
    Array.from({ length: CALLS }, (_, index) =>
      field.seen({ namespace: 'gates', name: `${run}-1-${index}` }, () => true),
    ),
  )
  await Promise.all(names.map(run => field.start('gates', run)))
  const times = await Promise.all(created)
  return ((times.length - 1) / (Math.max(...times) - Math.min(...times))) * 1000
}
