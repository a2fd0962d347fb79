import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { settleRequest } from '../approvalrequest/controller.ts'
import { entriesFor } from '../approvalrequest/entries.ts'
import { DEFAULT_LIMITS } from './ask.ts'
import {
  approvalOf,
  type CallContext,
  type CallMove,
  type CallView,
  type Close,
  decideCall,
  type Flight,
} from './calls.ts'
import { executedEntry, executing, requestOf, startCalls, toolsetOf, verifyApproved } from './execute.ts'
import { holdRun, openRequest } from './open.ts'
import { type Next, namespaceOf, nowOf, type Scope, statusOf, uidOf, writeStatus } from './scope.ts'
import { shownText } from './shown.ts'
import { awaitsApproval, callSteps, goingOn, millisecondsLeft, type Waiting } from './status.ts'
import { TEXTS } from './texts.ts'

/** Bytes that the results of one turn may take together. */
const RESULTS_BYTES = 768 * 1024
/** How long an approved call waits for a tool server that does not answer. */
const AWAY_PATIENCE_MS = 30_000
const AWAY_RETRY_MS = 2_000

interface Move {
  readonly view: CallView
  readonly move: CallMove
}

/** Moves every call of the current turn as far as it can go now. */
export const advance = async (
  scope: Scope,
  agent: Agent | undefined,
  turn: AgentTurn,
  stopping: boolean,
): Promise<Next> => {
  const moves = viewsOf(scope, turn).map(view => ({
    view,
    move: decideCall(view, contextOf(scope, agent, view.call, stopping)),
  }))
  if (moves.some(({ move }) => move.move === 'Cancel')) return cancelOpen(scope, moves)
  const verified = await verifyAll(scope, agent, moves)
  const closed = await storeResults(scope, agent, turn, verified.moves)
  const opened = await openAll(scope, agent, verified.moves)
  const calls = verified.moves.filter(({ move }) => STARTS.has(move.move))
  const steps = newSteps(scope, verified.moves)
  const changed = closed > 0 || opened > 0 || calls.some(({ move }) => move.move !== 'Resume')
  const write = () => writeProgress(scope, turn.spec.turn, steps, stopping)
  if (agent && calls.length > 0) {
    await startCalls(scope, agent, {
      turn,
      calls: calls.map(({ view }) => view.call),
      retried: new Set(calls.flatMap(({ view, move }) => (move.move === 'Retry' ? [view.call.id] : []))),
      write,
    })
  } else await write()
  for (const { view, move } of verified.moves) {
    if (move.move !== 'Close') continue
    scope.deps.effects.forgetCall(uidOf(scope), view.call.id)
    scope.memory.calling.delete(view.call.id)
  }
  if (changed) return 'Again'
  if (verified.retry) return { requeueAfterMs: AWAY_RETRY_MS }
  return waiting(scope, agent)
}

const STARTS: ReadonlySet<string> = new Set(['Execute', 'Resume', 'Retry'])

const viewsOf = (scope: Scope, turn: AgentTurn): CallView[] =>
  callSteps(statusOf(scope).steps ?? [], turn.spec.turn).map(step => {
    const id = step.id ?? ''
    const call = turn.spec.calls.find(one => one.id === id)
    if (!call) throw new Error(`call ${id} is in the trace but not in the transcript`)
    return {
      step,
      call,
      request: requestOf(scope, id),
      flight: flightOf(scope, step),
      stored: turn.status?.results.find(result => result.id === id),
    }
  })

/** A fence counts only if the trace says that it was this process that wrote Executing. */
const flightOf = (scope: Scope, step: Step): Flight => {
  const flight = scope.deps.effects.call(uidOf(scope), step.id ?? '')
  const foreign = step.state === 'Executing' && step.executor !== scope.deps.executor
  return flight.state === 'Fenced' && foreign ? { state: 'None' } : flight
}

const contextOf = (
  scope: Scope,
  agent: Agent | undefined,
  call: TurnCall,
  stopping: boolean,
): CallContext => ({
  stopping,
  draining: scope.deps.draining(),
  trusted: scope.deps.trusted(),
  onRejection: agent?.spec.approval?.onRejection ?? 'Fail',
  retryUnknown: (agent && toolsetOf(agent, call.tool)?.retryUnknown) ?? false,
})

/** Settles the open requests of a run that stops; then looks again at what became of them. */
const cancelOpen = async (scope: Scope, moves: readonly Move[]): Promise<Next> => {
  const { deps, run } = scope
  const why = run.metadata.deletionTimestamp
    ? 'The run was deleted.'
    : run.spec.cancel
      ? 'The run was cancelled.'
      : `The run ends: ${scope.failure?.message ?? statusOf(scope).failure?.message ?? 'its agent is gone'}`
  for (const { view, move } of moves) {
    if (move.move !== 'Cancel' || !view.request) continue
    const settled = await settleRequest(deps, view.request, 'Cancelled', why)
    if (!settled) return { requeueAfterMs: 100 }
    await deps.audit.append(namespaceOf(scope), entriesFor(settled, run))
  }
  return 'Again'
}

/** Approved calls that are no longer what was approved are closed; those whose server is away wait. */
const verifyAll = async (
  scope: Scope,
  agent: Agent | undefined,
  moves: readonly Move[],
): Promise<{ moves: Move[]; retry: boolean }> => {
  let retry = false
  const result = await Promise.all(
    moves.map(async (one): Promise<Move> => {
      const { view, move } = one
      if (move.move !== 'Execute' || view.step.approvalRequest === undefined || !view.request || !agent)
        return one
      const verified = await verifyApproved(scope, agent, view.call, view.request)
      if (verified.ok) return one
      if (verified.reason === 'Changed') return { view, move: callChanged(view, verified.what) }
      const now = scope.deps.clock.now()
      scope.memory.toolsetAwaySince ??= now
      if (now - scope.memory.toolsetAwaySince < AWAY_PATIENCE_MS) {
        retry = true
        return { view, move: { move: 'Stay' } }
      }
      return {
        view,
        move: {
          move: 'Close',
          state: 'NotExecuted',
          kind: 'Error',
          text: `This call was approved but not executed: ${verified.what}`,
          approval: approvalOf(view.request),
        },
      }
    }),
  )
  if (!retry) scope.memory.toolsetAwaySince = undefined
  return { moves: result, retry }
}

const callChanged = (view: CallView, what: string): Close => ({
  move: 'Close',
  state: 'NotExecuted',
  kind: 'NotExecuted',
  text: TEXTS.callChanged,
  ...(view.request ? { approval: approvalOf(view.request) } : {}),
  ...(view.request?.spec.onRejection === 'Fail'
    ? {
        failure: {
          reason: 'CallChanged',
          message: `${view.step.tool} was approved but not called: ${what}`,
        } as const,
      }
    : {}),
})

/** Results go into the transcript and into the audit log before the trace shows them. */
const storeResults = async (
  scope: Scope,
  agent: Agent | undefined,
  turn: AgentTurn,
  moves: readonly Move[],
): Promise<number> => {
  const { deps } = scope
  const closes = moves.flatMap(({ view, move }) => (move.move === 'Close' ? [{ view, close: move }] : []))
  if (closes.length === 0) return 0
  const limit = Math.floor(RESULTS_BYTES / Math.max(1, turn.spec.calls.length))
  await deps.turns.addResults(
    scope.run,
    turn,
    closes.map(({ view, close }) => ({
      id: view.call.id,
      kind: close.kind,
      text: cutBytes(close.text, limit),
    })),
  )
  await deps.audit.append(
    namespaceOf(scope),
    closes.flatMap(({ view, close }) => [
      ...(view.request ? entriesFor(view.request, scope.run) : goneRequestEntries(scope, agent, view, close)),
      ...(view.step.state === 'Executing' || close.approval?.verdict === 'Approved'
        ? [executedEntry(scope, agent, view.call, close.state)]
        : []),
    ]),
  )
  scope.failure ??= closes.find(({ close }) => close.failure)?.close.failure
  return closes.length
}

/** The garbage collector may take an open request before the run that is deleted lets go: its end is recorded all the same. */
const goneRequestEntries = (
  scope: Scope,
  agent: Agent | undefined,
  view: CallView,
  close: Close,
): NewEntry[] =>
  view.step.approvalRequest === undefined || close.state !== 'Cancelled'
    ? []
    : [
        {
          key: auditKey('ApprovalCancelled', uidOf(scope), view.call.id),
          entry: {
            ...executedEntry(scope, agent, view.call, 'Cancelled').entry,
            action: 'ApprovalCancelled',
            approvalRequest: view.step.approvalRequest,
            reason: 'The request was deleted together with its run.',
          },
        },
      ]

const cutBytes = (text: string, limit: number): string => {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  const mark = `\n[cut: ${bytes.length} bytes]`
  return (
    bytes
      .subarray(0, limit - Buffer.byteLength(mark))
      .toString('utf8')
      .replace(/\uFFFD+$/, '') + mark
  )
}

const openAll = async (scope: Scope, agent: Agent | undefined, moves: readonly Move[]): Promise<number> => {
  const opens = moves.filter(({ move }) => move.move === 'Open')
  if (opens.length === 0 || !agent) return 0
  await holdRun(scope)
  await Promise.all(opens.map(({ view }) => openRequest(scope, agent, view.call)))
  return opens.filter(({ view }) => view.step.state === 'Pending').length
}

const newSteps = (scope: Scope, moves: readonly Move[]): ReadonlyMap<string, Step> =>
  new Map(moves.map(({ view, move }) => [view.call.id, newStep(scope, view, move)]))

const newStep = (scope: Scope, { step, request }: CallView, move: CallMove): Step => {
  switch (move.move) {
    case 'Open':
      return { ...step, state: 'AwaitingApproval' }
    case 'Execute':
    case 'Retry':
      return executing(scope, request ? { ...step, approval: approvalOf(request) } : step)
    case 'Close':
      return {
        ...step,
        state: move.state,
        ...(move.approval === undefined ? {} : { approval: move.approval }),
        ...(step.startedAt === undefined ? {} : { finishedAt: nowOf(scope) }),
        result: shownText(scope, move.text),
      }
    default:
      return step
  }
}

const writeProgress = async (
  scope: Scope,
  turn: number,
  changed: ReadonlyMap<string, Step>,
  stopping: boolean,
): Promise<void> => {
  const status = statusOf(scope)
  const steps = (status.steps ?? []).map(step => changed.get(step.id ?? '') ?? step)
  const phase = awaitsApproval(callSteps(steps, turn)) ? 'AwaitingApproval' : 'Running'
  const why: Waiting =
    stopping || scope.failure
      ? { reason: 'Stopping', message: 'what is under way is waited for; nothing new is started' }
      : phase === 'AwaitingApproval'
        ? { reason: 'AwaitingApproval', message: 'waits for people' }
        : { reason: 'Running', message: `turn ${turn}` }
  await writeStatus(
    scope,
    goingOn({ ...status, phase, steps }, why, scope.run.metadata.generation ?? 1, nowOf(scope)),
  )
}

const waiting = (scope: Scope, agent: Agent | undefined): Next => {
  if (!scope.deps.trusted()) return { requeueAfterMs: 1000 }
  const awaiting = statusOf(scope).phase === 'AwaitingApproval'
  const limits = agent?.spec.limits ?? DEFAULT_LIMITS
  const left = millisecondsLeft(scope.run, limits.maxRunSeconds, scope.deps.clock.now())
  return awaiting || left === undefined ? {} : { requeueAfterMs: Math.max(1, left) }
}
