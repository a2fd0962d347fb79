import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AgentRun } from '../../crds/v1alpha1/agentrun.ts'
import type { Client } from '../../kube/client.ts'
import { isConflict } from '../../kube/errors.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import type { Slots } from '../controllers/agentrun/slots.ts'
import { CALL_TRANSITIONS, RUN_TRANSITIONS } from '../controllers/agentrun/transitions.ts'
import { REQUEST_TRANSITIONS } from '../controllers/approvalrequest/transitions.ts'
import type { Decidable } from '../policy/decisions.ts'
import { type Explored, explore } from './explore.ts'
import type { Sabotage } from './process.ts'
import type { Scenario } from './scenario.ts'
import { aScenario, type Begin, beginning, DEEP_SCENARIOS, SCENARIOS } from './scenarios.ts'
import { World } from './world.ts'

/** How the quorum is counted; a test may count wrongly. */
const counting = vi.hoisted(() => ({ rejectionsCount: false }))
vi.mock('../policy/decisions.ts', async original => {
  const real = await original<typeof import('../policy/decisions.ts')>()
  const wrong = ({ spec, status }: Decidable): Decidable => ({
    spec,
    status: { decisions: status.decisions.map(one => ({ ...one, verdict: 'Approve' as const })) },
  })
  return {
    ...real,
    settle: (request: Decidable, now: number, expiresAt: number) =>
      real.settle(counting.rejectionsCount ? wrong(request) : request, now, expiresAt),
  }
})

const run = async (begin: Begin, scenario: Scenario, limit?: number): Promise<Explored> => {
  const world = new World(scenario)
  return explore(world, await beginning(world, begin), limit)
}

const told = ({ broken }: Explored): string =>
  broken ? [broken.rule, ...broken.trace.map((step, index) => `${index + 1}. ${step}`)].join('\n  ') : ''

describe('the real controllers, in every order', () => {
  const seen = new Set<string>()

  it.each(
    [...SCENARIOS, ...(process.env.MODEL_CHECK === 'deep' ? DEEP_SCENARIOS : [])].map(
      ([begin, scenario]) => [scenario.name, begin, scenario] as const,
    ),
  )(
    'keep every rule: %s',
    async (_name, begin, scenario) => {
      const explored = await run(begin, scenario)
      expect(told(explored)).toBe('')
      expect(explored.complete).toBe(true)
      expect(explored.settled).toBeGreaterThan(0)
      for (const transition of explored.transitions.keys()) seen.add(transition)
    },
    process.env.MODEL_CHECK === 'deep' ? 3_600_000 : 120_000,
  )

  it('go through every row of the state machines, and through no other', () => {
    const rows = [REQUEST_TRANSITIONS, CALL_TRANSITIONS, RUN_TRANSITIONS].flatMap(({ name, transitions }) =>
      transitions.map(row => ({ ...row, key: `${name} ${row.from} ${row.to}` })),
    )
    expect([...seen].filter(key => !rows.some(row => row.key === key))).toEqual([])
    const explored = rows.filter(({ unexplored }) => unexplored === undefined)
    expect(explored.map(({ key }) => key).filter(key => !seen.has(key))).toEqual([])
  })
})

describe('an operator that is broken on purpose is found out', () => {
  afterEach(() => {
    counting.rejectionsCount = false
  })

  const replacing =
    (
      replace: (client: Client, write: () => Promise<KubeObject>, object: KubeObject) => Promise<KubeObject>,
    ) =>
    (client: Client): Client => ({
      ...client,
      replace: <T extends KubeObject>(resource: Resource<T>, object: T, options = {}) =>
        replace(client, () => client.replace(resource, object, options), object) as Promise<T>,
    })
  const begins = (object: KubeObject): boolean =>
    object.kind === 'AgentRun' &&
    ((object as AgentRun).status?.steps ?? []).some(({ state }) => state === 'Executing')

  const broken: readonly (readonly [string, string, Sabotage, Partial<Scenario>])[] = [
    [
      'one that takes a conflict for a success',
      'call 1.0 is made',
      {
        client: replacing(async (_client, write, object) => {
          try {
            return await write()
          } catch (error) {
            if (isConflict(error)) return object
            throw error
          }
        }),
      },
      { operators: 2, disturbances: 1 },
    ],
    [
      'one that calls the tool before Executing is written',
      'call 1.0 is made while the trace says AwaitingApproval',
      {
        client: replacing((_client, write, object) => {
          if (!begins(object)) return write()
          write().catch(() => {})
          return Promise.resolve(object)
        }),
      },
      {},
    ],
    [
      'one of two that go by the same name',
      'call 1.0 is made twice',
      { executor: 'operator' },
      { operators: 2, disturbances: 1 },
    ],
    [
      'one that does not wait for its records',
      'is recorded',
      {
        audit: audit => ({
          ...audit,
          append: (...entries) => {
            audit.append(...entries).catch(() => {})
            return Promise.resolve('Recorded')
          },
        }),
      },
      {},
    ],
  ]

  it.each(broken)(
    '%s',
    async (_name, rule, sabotage, changes) => {
      const explored = await run('Approved', aScenario('broken', { ...changes, plot: {}, sabotage }), 200_000)
      console.info(told(explored))
      expect(explored.broken?.rule).toContain(rule)
    },
    120_000,
  )

  const keeping: readonly (readonly [string, (slots: Slots) => Slots])[] = [
    [
      'whose runs keep their place when they are cancelled',
      slots => ({ ...slots, give: () => {}, looked: () => {} }),
    ],
    [
      'that gives its only slot to nobody who stands in line',
      slots => ({ ...slots, take: work => slots.take({ ...work, limit: 0 }) }),
    ],
  ]

  it.each(keeping)('one %s: nothing comes to an end', async (_name, slots) => {
    const scenario = aScenario('broken', { limited: true, cancel: true, sabotage: { slots } })
    const explored = await run('Approved', scenario)
    expect(explored.broken?.rule).toBe('nothing that operators do leads to an end from here')
  })

  it('one that lets rejections count for the quorum: nothing comes to an end, as the policies refuse it', async () => {
    counting.rejectionsCount = true
    const explored = await run('Open', aScenario('broken'))
    expect(explored.broken?.rule).toBe('nothing that operators do leads to an end from here')
  })

  it('one that lets rejections count for the quorum, where no policy refuses it: a call without approval', async () => {
    counting.rejectionsCount = true
    const explored = await run('Open', aScenario('broken', { policies: false }))
    console.info(told(explored))
    expect(explored.broken?.rule).toBe('call 1.0 is made without enough approvals, or with a rejection')
  })
})
