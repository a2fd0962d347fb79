import type { Plot } from './cast.ts'
import type { Scenario } from './scenario.ts'
import type { State } from './state.ts'
import { World } from './world.ts'

const PLOT: Plot = { calls: 1, gated: true, requiredApprovals: 1, onRejection: 'Fail', retryUnknown: false }

/** A world in which nothing goes wrong and one reviewer may decide, and what is different in it. */
export const aScenario = (
  name: string,
  { plot, ...changes }: Omit<Partial<Scenario>, 'plot'> & { readonly plot?: Partial<Plot> } = {},
): Scenario => ({
  name,
  operators: 1,
  disturbances: 0,
  reviewers: 1,
  cancel: false,
  deletion: false,
  beyond: 0,
  ahead: 0,
  toolFails: false,
  toolChanges: false,
  also: [],
  ...changes,
  plot: { ...PLOT, ...plot },
})

/** The point from which on a world is explored. Everything before it went well, with one operator. */
export type Begin =
  /** The run was just created. */
  | 'Created'
  /** Its requests were just opened, and the trace says so. */
  | 'Open'
  /** A reviewer has approved, and the request is settled; nothing more. */
  | 'Approved'
  /** Its calls are free, and the model has just asked for them: the transcript says so, the trace not yet. */
  | 'Asked'

/** The first state of a world from such a point on: all operators have just started. */
export const beginning = async (world: World, begin: Begin): Promise<State> => {
  const alone = new World({
    ...world.scenario,
    operators: 1,
    disturbances: 0,
    reviewers: begin === 'Approved' ? 1 : 0,
    cancel: false,
    deletion: false,
    toolChanges: false,
    ahead: 0,
    sabotage: {},
  })
  return world.adopt(alone, await firstThat(alone, begin))
}

const firstThat = async (world: World, begin: Begin): Promise<State> => {
  const known = new Set<State['server']>()
  const wave = [world.first()]
  for (let state = wave.shift(); state; state = wave.shift()) {
    if (isAt(world, state, begin)) return state
    for (const { to, fair, label } of await world.next(state)) {
      if (label.startsWith('the clock') || (!fair && !label.includes(': Approve'))) continue
      if (known.size > 10_000) throw new Error(`nothing leads to ${begin}`)
      known.add(to.server)
      wave.push(to)
    }
  }
  throw new Error(`nothing leads to ${begin}`)
}

const isAt = (world: World, { server }: State, begin: Begin): boolean => {
  const run = world.run(server)
  if (begin === 'Created') return true
  if (begin === 'Approved') return world.requests(server).some(one => one?.status.phase === 'Approved')
  if (begin === 'Open') return run?.status?.phase === 'AwaitingApproval'
  return world.hasTurn(server) && (run?.status?.turns ?? 0) === 0
}

/** What `npm test` goes through, whole. */
export const SCENARIOS: readonly (readonly [Begin, Scenario])[] = [
  ['Created', aScenario('a run that somebody may cancel', { cancel: true })],
  ['Created', aScenario('a run that somebody may delete', { deletion: true })],
  ['Created', aScenario('something goes wrong once, and nobody decides', { reviewers: 0, disturbances: 1 })],
  [
    'Approved',
    aScenario('something goes wrong once, in a run that somebody may cancel', {
      cancel: true,
      disturbances: 1,
    }),
  ],
  ['Open', aScenario('two operators that both believe they lead', { operators: 2 })],
  ['Approved', aScenario('two operators, and something goes wrong once', { operators: 2, disturbances: 1 })],
  [
    'Open',
    aScenario('two of two reviewers, clocks of operators ahead', {
      plot: { requiredApprovals: 2, onRejection: 'Continue' },
      reviewers: 2,
      ahead: 1,
      beyond: 1,
      toolFails: true,
    }),
  ],
  [
    'Asked',
    aScenario('a free call that may be made again', {
      plot: { gated: false, retryUnknown: true },
      disturbances: 1,
    }),
  ],
  ['Approved', aScenario('two calls side by side, one of them approved', { plot: { calls: 2 } })],
  [
    'Approved',
    aScenario('policies that are not seen to refuse for a while, and a tool that changes', {
      disturbances: 1,
      also: ['Distrust'],
      toolChanges: true,
    }),
  ],
  [
    'Approved',
    aScenario('something goes wrong in an operator that is asked to stop', {
      disturbances: 2,
      also: ['Drain'],
    }),
  ],
  [
    'Asked',
    aScenario('a free call, an operator that is asked to stop or does not see the policies refuse', {
      plot: { gated: false },
      disturbances: 1,
      also: ['Distrust', 'Drain'],
      cancel: true,
    }),
  ],
  [
    'Created',
    aScenario('a run that somebody may cancel, in line with another one for the one slot that there is', {
      limited: true,
      cancel: true,
    }),
  ],
  [
    'Approved',
    aScenario('an approved call in line with another run, and something goes wrong once', {
      limited: true,
      disturbances: 1,
    }),
  ],
  [
    'Asked',
    aScenario('two free calls in line for the one slot that there is', {
      plot: { calls: 2, gated: false },
      limited: true,
    }),
  ],
]

/** What takes minutes: `MODEL_CHECK=deep npx vitest run --project unit operator/model-check`. */
export const DEEP_SCENARIOS: readonly (readonly [Begin, Scenario])[] = [
  ['Open', aScenario('two calls side by side, neither of them decided', { plot: { calls: 2 } })],
  [
    'Approved',
    aScenario('two calls side by side, and something goes wrong once', {
      plot: { calls: 2, onRejection: 'Continue' },
      disturbances: 1,
    }),
  ],
  [
    'Approved',
    aScenario('two calls, one of them approved, in line with another run', {
      plot: { calls: 2 },
      limited: true,
    }),
  ],
  ['Created', aScenario('anything goes wrong twice', { disturbances: 2 })],
  ['Created', aScenario('two operators from the beginning', { operators: 2, cancel: true })],
  [
    'Open',
    aScenario('two operators, and something goes wrong once, while people decide', {
      operators: 2,
      disturbances: 1,
    }),
  ],
  ['Approved', aScenario('two operators, and something goes wrong twice', { operators: 2, disturbances: 2 })],
]
