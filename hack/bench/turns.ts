import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import { agentRuns } from '../../crds/v1alpha1/resources.ts'
import { Reflector } from '../../kube/reflector.ts'
import { Store } from '../../kube/store.ts'
import { type Field, openField } from './field.ts'
import type { Figure, Measurement } from './measurement.ts'

const [SHORT, LONG] = [20, 200]

/** What a turn costs in a long run, by what it costs in a short one. */
export const turns: Measurement = {
  name: 'turns',
  run: async (stack, progress) => {
    // The run says how many turns it takes, each of which calls a tool that nobody needs to approve.
    const field = await openField(stack, (spoken, input) =>
      spoken < Number(input.split('-')[1])
        ? { calls: [{ tool: 'desk.pay', params: { order: `${input}-${spoken}` } }] }
        : { text: 'done' },
    )
    try {
      await field.project('turns')
      await field.agent('turns', {
        approval: { tools: [{ name: 'desk.pay', when: 'param.order == "never"' }] },
        limits: { maxTurns: LONG + 1, maxRunSeconds: 3600 },
      } as never)
      await secondsOf(field, `warm-${SHORT}`)
      progress(`runs of ${SHORT} and ${LONG} turns`)
      const short = (await secondsOf(field, `short-${SHORT}`)) / SHORT
      const long = (await secondsOf(field, `long-${LONG}`)) / LONG
      return [
        figure('shortTurnMs', short * 1000, 'ms', `a turn with one call, in a run of ${SHORT}`),
        figure('longTurnMs', long * 1000, 'ms', `a turn with one call, in a run of ${LONG}`),
        figure('turnCostRatio', long / short, 'x', 'the second by the first; aim: 1'),
      ]
    } finally {
      await field.close()
    }
  },
}

const figure = (name: string, value: number, unit: string, what: string): Figure => ({
  name,
  value,
  unit,
  what,
})

/** Seconds from the creation of a run to its end. */
const secondsOf = async (field: Field, name: string): Promise<number> => {
  const store = new Store<AgentRun>()
  const stop = new AbortController()
  const reflector = new Reflector({
    client: field.client,
    resource: agentRuns,
    sink: store,
    namespace: 'turns',
  })
  const watching = reflector.run(stop.signal)
  await reflector.synced()
  const ended = new Promise<void>((resolve, reject) => {
    store.subscribe(({ object }) => {
      if (object.metadata.name !== name || object.status?.finishedAt === undefined) return
      if (object.status.phase === 'Succeeded') resolve()
      else
        reject(
          new Error(`the run of the measurement ended as ${object.status.failure?.reason ?? 'Cancelled'}`),
        )
    })
  })
  const began = performance.now()
  await field.start('turns', name)
  await ended
  const seconds = (performance.now() - began) / 1000
  stop.abort()
  await watching
  return seconds
}
