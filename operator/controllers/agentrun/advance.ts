import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import type { Urgency } from '../../../kube/turnstile.ts'
import { DEFAULT_LIMITS } from './ask.ts'
import {
  approvalOf,
  type CallContext,
  type CallMove,
  type CallView,
  decideCall,
  type Flight,
  isOver,
} from './calls.ts'
import { checkAll, type Move, nothingToCheck, stay } from './check.ts'
import { executing, requestOf, startCalls, toolsetOf } from './execute.ts'
import { openRequests } from './open.ts'
import { storeResults } from './results.ts'
import { goingOnNow, type Next, nowOf, type Scope, statusOf, uidOf, writeStatus } from './scope.ts'
import { shownText } from './shown.ts'
import {
  allOver,
  askingFor,
  awaitsApproval,
  callSteps,
  millisecondsLeft,
  stops,
  type Waiting,
  waitsForPeople,
} from './status.ts'
import { cancelRequest, whyStopped } from './strays.ts'
import { mayCall, queuedForTool, unsaidFor } from './turn-in-line.ts'

/** How soon a tool server that does not answer is asked again. */
const AWAY_RETRY_MS = 2_000

/**
 * Whether nothing of the current turn can be done before people decide. By the trace and the requests alone: an operator
 * that starts finds thousands of runs like that, and reads the transcript of none.
 */
export const waitsForPeopleAlone = (scope: Scope): boolean => {
  const { steps = [], turns = 0 } = statusOf(scope)
  const open = callSteps(steps, turns).filter(step => !isOver(step))
  for (const { id = '', state, approval } of open) {
    const request = requestOf(scope, id)
    if (state !== 'AwaitingApproval' || approval !== undefined || request?.status.phase !== 'Pending')
      return false
    scope.memory.requests.set(id, request.metadata.uid ?? '')
  }
  return open.length > 0
}

/** Says how far people are. What they decide wakes the run; no time of it runs out meanwhile. */
export const waitForPeople = async (scope: Scope): Promise<Next> => {
  const nothing = { stopping: false, away: false, queued: false, urgency: 'Low' } as const
  await writeProgress(scope, statusOf(scope).turns ?? 0, new Map(), nothing)
  return {}
}

/** Moves every call of the current turn as far as it can go now. */
export const advance = async (
  scope: Scope,
  agent: Agent | undefined,
  turn: AgentTurn,
  stopping: boolean,
): Promise<Next> => {
  const decided = viewsOf(scope, turn).map(view => ({
    view,
    move: decideCall(view, contextOf(scope, agent, view.call, stopping)),
  }))
  if (decided.some(({ move }) => move.move === 'Cancel')) return cancelOpen(scope, decided)
  const checked = agent ? await checkAll(scope, agent, decided) : nothingToCheck(decided)
  // Nothing new is begun in a run that one of its calls fails, decided at the same moment though it be.
  const fails = checked.moves.some(({ move }) => move.move === 'Close' && move.failure)
  const moves = fails ? checked.moves.map(closeOrStay) : checked.moves
  const closed = await storeResults(scope, agent, turn, moves)
  const opens = agent ? moves.filter(({ move }) => move.move === 'Open').map(({ view }) => view) : []
  if (agent) {
    const calls = opens.map(({ call }) => call)
    await openRequests(scope, agent, calls, ({ id }) => checked.definitions.get(id))
  }
  const opened = opens.filter(({ step }) => step.state === 'Pending').length
  // Asked again, as all this took its time.
  const begun = moves.map(one => (mayBegin(scope, one) ? one : stay(one)))
  const calls = begun.filter(({ move }) => STARTS.has(move.move))
  const steps = newSteps(scope, begun)
  const changed = closed > 0 || opened > 0 || calls.some(({ move }) => move.move !== 'Resume')
  const queued = scope.deps.trusted() && !scope.deps.draining() && begun.some(isHeldBack(moves))
  if (!queued) scope.memory.inLineSince = undefined
  else if (calls.length + closed + opens.length === 0) {
    const left = unsaidFor(scope)
    if (left > 0) return { requeueAfterMs: left }
  }
  const write = (urgency: Urgency) =>
    writeProgress(scope, turn.spec.turn, steps, { stopping, away: checked.retry, queued, urgency })
  let over = false
  if (agent && calls.length > 0) {
    over = await startCalls(scope, agent, {
      turn,
      calls: calls.map(({ view }) => view.call),
      retried: new Set(calls.flatMap(({ view, move }) => (move.move === 'Retry' ? [view.call.id] : []))),
      verified: checked.agents,
      write: () => write('High'),
    })
  } else await write('Low')
  for (const { view, move } of begun) {
    if (move.move !== 'Close') continue
    scope.deps.effects.forgetCall(uidOf(scope), view.call.id)
    scope.memory.calling.delete(view.call.id)
  }
  if (changed || over) return 'Again'
  if (checked.retry) return { requeueAfterMs: AWAY_RETRY_MS }
  return waiting(scope, agent)
}

const STARTS: ReadonlySet<string> = new Set(['Execute', 'Resume', 'Retry'])

/** Whether a move that was to begin a call was put off. */
const isHeldBack =
  (moves: readonly Move[]) =>
  ({ move }: Move, index: number): boolean =>
    STARTS.has(moves[index]?.move.move ?? '') && !STARTS.has(move.move)

const closeOrStay = (one: Move): Move => (one.move.move === 'Close' ? one : stay(one))

const mayBegin = (scope: Scope, { view, move: { move } }: Move): boolean => {
  if (!STARTS.has(move)) return true
  if (!scope.deps.trusted()) return false
  return move === 'Resume' || (!scope.deps.draining() && mayCall(scope, view.call))
}

const viewsOf = (scope: Scope, turn: AgentTurn): CallView[] =>
  callSteps(statusOf(scope).steps ?? [], turn.spec.turn).map(step => {
    const id = step.id ?? ''
    const call = turn.spec.calls.find(one => one.id === id)
    if (!call) throw new Error(`call ${id} is in the trace but not in the transcript`)
    const request = requestOf(scope, id)
    if (request?.metadata.uid) scope.memory.requests.set(id, request.metadata.uid)
    return {
      step,
      call,
      request,
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
  const why = whyStopped(scope)
  for (const { view, move } of moves) {
    if (move.move !== 'Cancel' || !view.request) continue
    if (!(await cancelRequest(scope, view.request, why))) return { requeueAfterMs: 100 }
  }
  return 'Again'
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
      // Decided, and not begun yet: people are not waited for any more.
      return step.state === 'AwaitingApproval' && request?.status.phase === 'Approved'
        ? { ...step, approval: approvalOf(request) }
        : step
  }
}

const writeProgress = async (
  scope: Scope,
  turn: number,
  changed: ReadonlyMap<string, Step>,
  {
    stopping,
    away,
    queued,
    urgency,
  }: {
    readonly stopping: boolean
    readonly away: boolean
    readonly queued: boolean
    readonly urgency: Urgency
  },
): Promise<void> => {
  const status = statusOf(scope)
  const steps = (status.steps ?? []).map(step => changed.get(step.id ?? '') ?? step)
  const phase = awaitsApproval(callSteps(steps, turn)) ? 'AwaitingApproval' : 'Running'
  const why: Waiting =
    stopping || scope.failure
      ? stops
      : phase === 'AwaitingApproval'
        ? waitsForPeople
        : away
          ? { reason: 'ToolsetUnavailable', message: 'a tool server that is needed now does not answer' }
          : !scope.deps.trusted()
            ? {
                reason: 'PoliciesNotSeen',
                message: 'nothing is executed before every admission policy was seen to refuse',
              }
            : queued
              ? queuedForTool
              : // Said by this write, so that the question needs none of its own.
                allOver(callSteps(steps, turn))
                ? askingFor(turn + 1)
                : { reason: 'Running', message: `turn ${turn}` }
  await writeStatus(scope, goingOnNow(scope, { ...status, phase, steps }, why), urgency)
}

const waiting = (scope: Scope, agent: Agent | undefined): Next => {
  if (!scope.deps.trusted()) return { requeueAfterMs: 1000 }
  const awaiting = statusOf(scope).phase === 'AwaitingApproval'
  const limits = agent?.spec.limits ?? DEFAULT_LIMITS
  const left = millisecondsLeft(scope.run, limits.maxRunSeconds, scope.deps.clock.now())
  // Out of time already: what is under way is waited for, and tells when it is over.
  return awaiting || left === undefined || left <= 0 ? {} : { requeueAfterMs: left }
}
