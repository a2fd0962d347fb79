import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { whyUnusable } from './ask.ts'
import { approvalOf, type CallMove, type CallView, type Close } from './calls.ts'
import { type Verified, verifyApproved } from './execute.ts'
import { requestName } from './gating.ts'
import { findDefinition } from './open.ts'
import type { Scope } from './scope.ts'
import { gatesOf } from './store-answer.ts'
import { TEXTS } from './texts.ts'

/** How long a call that is approved, or is to be put to people, waits for a tool server that does not answer. */
const AWAY_PATIENCE_MS = 30_000

/** One call of the current turn, and its next move. */
export interface Move {
  readonly view: CallView
  readonly move: CallMove
}

/** The same call, left as it is for now. */
export const stay = ({ view }: Move): Move => ({ view, move: { move: 'Stay' } })

/**
 * A free call that could not be begun when the model asked for it is put to the gates again: what was free then need
 * not be now.
 */
const gatedSince = async (
  scope: Scope,
  agent: Agent,
  one: Move,
  definitions: Map<string, ToolDefinition>,
): Promise<Move> => {
  const { step, call } = one.view
  if (one.move.move !== 'Execute' || step.approvalRequest !== undefined) return one
  if (whyUnusable(agent)) return stay(one)
  const found = await findDefinition(scope, agent, call)
  // Without its tool it comes to an error, not to a call.
  if (!found.ok) return one
  const full = { ...call, params: call.params as JsonObject }
  const gates = gatesOf(scope, agent, full, found.definition)
  if (!gates) return one
  scope.memory.gates.set(call.id, gates)
  definitions.set(call.id, found.definition)
  const approvalRequest = requestName(scope.run.metadata.name, call.id)
  return { view: { ...one.view, step: { ...step, approvalRequest } }, move: { move: 'Open' } }
}

/** What became of the moves of a turn when they were checked. */
export interface Checked {
  readonly moves: readonly Move[]
  /** Something that is needed does not answer: look again. */
  readonly retry: boolean
  /** By call, the agent that an approved call was checked against. */
  readonly agents: ReadonlyMap<string, Agent>
  /** By call, the tool whose call is to be put to people. */
  readonly definitions: ReadonlyMap<string, ToolDefinition>
}

/** Where there is no agent nothing is begun, so nothing is checked. */
export const nothingToCheck = (moves: readonly Move[]): Checked => ({
  moves,
  retry: false,
  agents: new Map(),
  definitions: new Map(),
})

/**
 * Approved calls that are no longer what was approved are closed, and so are those that cannot be put to people any
 * more; where a tool server is away, they wait.
 */
export const checkAll = async (scope: Scope, agent: Agent, decided: readonly Move[]): Promise<Checked> => {
  let retry = false
  const agents = new Map<string, Agent>()
  const definitions = new Map<string, ToolDefinition>()
  const check = async ({ view, move }: Move): Promise<Verified | undefined> => {
    if (move.move === 'Open') {
      const found = await findDefinition(scope, agent, view.call)
      if (found.ok) definitions.set(view.call.id, found.definition)
      return found.ok ? { ok: true, agent } : found
    }
    if (move.move !== 'Execute' && move.move !== 'Resume') return undefined
    if (view.step.approvalRequest === undefined) return undefined
    if (!view.request) return { ok: false, reason: 'Changed', what: 'its request is gone' }
    const verified = await verifyApproved(scope, agent, view.call, view.request)
    if (verified.ok) agents.set(view.call.id, verified.agent)
    return verified
  }
  const moves = await Promise.all(
    decided.map(async (each): Promise<Move> => {
      const one = await gatedSince(scope, agent, each, definitions)
      const { view } = one
      const checked = await check(one)
      if (!checked || checked.ok) return one
      if (checked.reason === 'Changed') return { view, move: callChanged(view, agent, checked.what) }
      const now = scope.deps.clock.now()
      scope.memory.toolsetAwaySince ??= now
      if (now - scope.memory.toolsetAwaySince < AWAY_PATIENCE_MS) {
        retry = true
        return stay(one)
      }
      return {
        view,
        move: {
          move: 'Close',
          state: 'NotExecuted',
          kind: 'NotExecuted',
          text: `This call was not executed: ${checked.what}`,
          ...(view.request ? { approval: approvalOf(view.request) } : {}),
        },
      }
    }),
  )
  if (!retry) scope.memory.toolsetAwaySince = undefined
  return { moves, retry, agents, definitions }
}

const callChanged = (view: CallView, agent: Agent, what: string): Close => {
  const { request } = view
  const onRejection = request?.spec.onRejection ?? agent.spec.approval?.onRejection ?? 'Fail'
  const was = request ? 'was approved but not called' : 'could not be put to people'
  return {
    move: 'Close',
    state: 'NotExecuted',
    kind: 'NotExecuted',
    text: request ? TEXTS.callChanged : TEXTS.toolGone,
    ...(request ? { approval: approvalOf(request) } : {}),
    ...(onRejection === 'Fail'
      ? { failure: { reason: 'CallChanged', message: `${view.step.tool} ${was}: ${what}` } as const }
      : {}),
  }
}
