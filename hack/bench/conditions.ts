import { compileCondition } from '../../operator/policy/conditions/compile.ts'
import { evaluate } from '../../operator/policy/conditions/evaluate.ts'
import type { Measurement } from './measurement.ts'

/** The condition of the README. */
const SOURCE = 'param.amount > 1000 and not context.is_admin'
const WARM_UP = 200_000
const TIMES = 3_000_000

/** Conditions evaluated in a second, compiled once, on one core, each over parameters of its own. */
export const conditions: Measurement = {
  name: 'conditions',
  run: async () => {
    const compiled = compileCondition(SOURCE)
    if (!compiled.ok) throw new Error('the condition does not compile')
    const scopes = Array.from({ length: 1024 }, (_, index) => ({
      param: { amount: index * 2, order: `A-${index}` },
      context: { is_admin: index % 3 === 0 },
    }))
    const evaluateTimes = (times: number): number => {
      let fired = 0
      for (let time = 0; time < times; time++) {
        const scope = scopes[time & 1023]
        if (scope && evaluate(compiled.condition, scope).outcome === 'True') fired++
      }
      return fired
    }
    evaluateTimes(WARM_UP)
    const began = performance.now()
    const fired = evaluateTimes(TIMES)
    const seconds = (performance.now() - began) / 1000
    if (fired === 0 || fired === TIMES) throw new Error('the condition does not tell apart')
    return [
      {
        name: 'conditionsPerSecond',
        value: TIMES / seconds,
        unit: '/s',
        what: 'conditions evaluated on one core; aim: at least 1,000,000',
      },
    ]
  },
}
