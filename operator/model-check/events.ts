import type { ApprovalRequest, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import { REVIEWERS } from './cast.ts'
import { byOther, changeLine } from './line.ts'
import { type Memory, withLine } from './memory.ts'
import type { Edge, Scenario } from './scenario.ts'
import { deadline, type Server, timeOf } from './server.ts'
import type { Operator, State } from './state.ts'
import type { World } from './world.ts'

/* What happens without the operator. */

/** What people may do: decide, cancel, delete; and the notifier, which writes beside the operator. */
export function* byPeople(world: World, state: State): Generator<Edge> {
  const { server } = state
  const edge = (label: string, after: Server): Edge => ({
    label,
    to: { ...state, server: after },
    fair: false,
  })
  for (const [index, request] of world.requests(server).entries()) {
    if (!request) continue
    const slot = 1 + index
    const present = REVIEWERS.slice(0, world.scenario.reviewers)
    // Nothing but the name tells reviewers apart, so of those who have not decided the first is as good as any.
    const reviewer = present.find(name => !request.status.decisions.some(one => one.reviewer === name))
    for (const verdict of reviewer ? (['Approve', 'Reject'] as const) : []) {
      const decision = { reviewer, verdict, reason: 'so', via: 'Token' } as Decision
      const after = world.rules.decide(server, slot, decision)
      if (after) yield edge(`${reviewer}: ${verdict} on ${request.metadata.name}`, after)
    }
    if (state.left > 0) {
      const entry = { channel: 'Email', target: 'alice@acme.com', state: 'Sent', attempts: 1 }
      const noted = {
        ...request,
        status: { ...request.status, notifications: [...(request.status.notifications ?? []), entry] },
      } as ApprovalRequest
      const to = { ...state, left: state.left - 1 }
      yield {
        label: `the notifier writes into ${request.metadata.name}`,
        to: { ...to, server: world.rules.put(server, slot, noted) },
        fair: false,
      }
    }
  }
  if (world.scenario.toolChanges && !state.changed)
    yield { label: 'the tool becomes another one', to: { ...state, changed: true }, fair: false }
  const run = world.run(server)
  if (!run) return
  if (world.scenario.cancel && !run.spec.cancel) {
    const cancelled = {
      ...run,
      metadata: { ...run.metadata, generation: 2 },
      spec: { ...run.spec, cancel: true },
    }
    yield edge('somebody cancels the run', world.rules.put(server, 0, cancelled))
  }
  if (world.scenario.deletion && !run.metadata.deletionTimestamp) {
    const held = (run.metadata.finalizers ?? []).length > 0
    const deletionTimestamp = new Date(timeOf(server.clock)).toISOString()
    const after = held ? { ...run, metadata: { ...run.metadata, deletionTimestamp } } : undefined
    yield edge('somebody deletes the run', world.rules.put(server, 0, after))
  }
}

/** The clock, and the collector of what belongs to a run that is gone. */
export function* byTime(world: World, state: State): Generator<Edge> {
  const { server } = state
  // While nobody waits for an open request the time means nothing, but for what stands in the objects.
  const open = world
    .requests(server)
    .some(
      request =>
        request?.status.phase === 'Pending' && server.clock < deadline(request) + world.scenario.beyond,
    )
  if (open) {
    yield {
      label: `the clock goes to ${server.clock + 1}`,
      to: { ...state, server: { ...server, clock: server.clock + 1 } },
      fair: true,
    }
  }
  if (world.run(server)) return
  for (const slot of server.slots.keys()) {
    if (slot === 0 || server.slots[slot]?.at(-1) === 0) continue
    yield {
      label: `the collector takes ${world.rules.names[slot]}`,
      to: { ...state, server: world.rules.put(server, slot, undefined) },
      fair: true,
    }
  }
}

/** How things may change around an operator; without `to`: it has stopped, and starts again. */
export function* around(
  operator: Operator,
  { also }: Scenario,
  left: number,
  idle: boolean,
): Generator<{ label: string; left: number; to?: Operator; fair: boolean }> {
  if (!operator.trusted)
    yield { label: 'sees the policies refuse again', left, to: { ...operator, trusted: true }, fair: true }
  else if (also.includes('Distrust') && left > 0) {
    const to = { ...operator, trusted: false }
    yield { label: 'sees a policy that does not refuse', left: left - 1, to, fair: false }
  }
  if (operator.draining) {
    if (idle) yield { label: 'has nothing under way any more: it ends, and starts again', left, fair: true }
  } else if (also.includes('Drain') && left > 0)
    yield { label: 'is asked to stop', left: left - 1, to: { ...operator, draining: true }, fair: false }
}

/** What the world outside answers to a process: the tool, the model; and what another run does that shares its slot. */
export const outside = (
  memory: Memory,
  { toolFails, limited = false }: Pick<Scenario, 'toolFails' | 'limited'>,
): { label: string; memory: Memory; fair: boolean }[] => {
  const { line = [] } = memory
  /** What is over is given back as soon as it is. */
  const over = (after: Memory, id: string): Memory =>
    withLine(
      after,
      changeLine(line, slots => slots.give('uid-r', id)),
    )
  return [
    ...memory.flights.flatMap(({ call, state }) =>
      state !== 'Calling'
        ? []
        : (toolFails ? (['Result', 'Error'] as const) : (['Result'] as const)).map(kind => {
            const flights = memory.flights.map(flight =>
              flight.call === call
                ? { call, state: 'Done' as const, outcome: { kind, text: kind, sent: true } }
                : flight,
            )
            const label = `hears from the tool of call ${call}: ${kind}`
            return { label, memory: over({ ...memory, flights }, call), fair: true }
          }),
    ),
    ...(memory.model && !memory.model.answered
      ? [
          {
            label: `hears from the model, turn ${memory.model.turn}`,
            memory: over({ ...memory, model: { ...memory.model, answered: true } }, 'model'),
            fair: true,
          },
        ]
      : []),
    ...(limited ? byOther(line) : []).map(({ line: after, ...rest }) => ({
      ...rest,
      memory: withLine(memory, after),
    })),
  ]
}
