import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import { agents } from '../../../crds/v1alpha1/resources.ts'
import { type OperatorProcess, spawnOperator } from '../../../operator/testing/process.ts'
import { cluster } from '../../testing.ts'
import { faultsIn } from '../check/check.ts'
import { gather } from '../check/gather.ts'
import { type Ground, groundOn } from '../ground.ts'
import { createRun } from '../load/begin.ts'
import { type Desk, startDesk } from '../load/desk.ts'
import { type People, startPeople } from '../load/people.ts'
import { expectedRun, type PlotName, plotOf } from '../load/plots.ts'

/** How many runs of each kind; those that expire are slow anyway. */
const LOAD: Readonly<Partial<Record<PlotName, number>>> = {
  expired: 2,
  free: 6,
  gated: 8,
  conditional: 4,
  parallel: 6,
  quorum: 4,
  adapting: 4,
  cancelled: 4,
}

let ground: Ground
let desk: Desk
let people: People
const namespace = `forced-${randomUUID().slice(0, 8)}`
const operators: OperatorProcess[] = []

beforeAll(async () => {
  ground = await groundOn(cluster())
  await ground.namespace(namespace)
  desk = await startDesk()
  people = await startPeople(ground, namespace)
})
afterAll(async () => {
  await Promise.all(operators.map(one => one.kill()))
  await people.stop()
  await desk.stop()
  await ground.leave()
})

/**
 * Each takes what the other has begun for that of an operator that is gone: calls whose outcome is unknown are the
 * rule here, so every agent goes on after one.
 */
const createAgent = (plot: PlotName) =>
  ground.admin.create(agents, {
    metadata: { name: plot, namespace },
    spec: {
      model: { provider: 'OpenAICompatible', name: 'scripted', baseURL: desk.model.url },
      toolsets: [{ name: 'desk', mcp: { url: desk.tools.url } }],
      approval: { tools: [], ...plotOf(plot).approval, onRejection: 'Continue' },
    },
  } as unknown as Agent)

it('two operators that both believe they lead make no call twice and record nothing twice, and every run ends', async () => {
  const plots = Object.keys(LOAD) as PlotName[]
  for (const plot of plots) await createAgent(plot)
  for (const name of ['a', 'b']) {
    const flags = [
      `--instance=${name}`,
      '--leader-election=false',
      '--impersonation=off',
      '--grace-seconds=600',
    ]
    operators.push(await spawnOperator(namespace, ground.operator, flags, { untilLeading: false }))
  }
  const begun = plots.flatMap(plot =>
    Array.from({ length: LOAD[plot] ?? 0 }, (_, index) => ({ plot, run: `${plot}-${index}` })),
  )
  for (const { plot, run } of begun) people.expect(run, plot)
  await Promise.all(begun.map(({ plot, run }) => createRun(ground.admin, namespace, run, plot, plot)))
  await Promise.all(begun.map(({ run }) => people.untilAtRest(run, 150_000)))
  // Both are let finish what they have begun: a call that comes after the end counts as well.
  await Promise.all(operators.map(one => one.stop()))
  const evidence = await gather(
    ground.admin,
    begun.map(({ plot, run }) => ({ ...expectedRun(namespace, run, plot), diedAt: 'AnyTime' as const })),
    desk.log(),
  )
  const states = evidence.runs.flatMap(({ status }) =>
    (status?.steps ?? []).flatMap(({ state }) => state ?? []),
  )
  const count = (state: string) => states.filter(one => one === state).length
  console.info(
    `${begun.length} runs under two leaders: ${evidence.toolCalls.length} calls, ` +
      `${count('Succeeded')} with a known end, ${count('Unknown')} unknown, ${evidence.records.length} records`,
  )
  expect(faultsIn(evidence)).toEqual([])
  expect(evidence.runs.map(({ status }) => status?.failure?.reason)).not.toContain('OutcomeUnknown')
}, 240_000)
