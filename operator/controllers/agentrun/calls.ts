import type { CallState, Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { TurnCall, TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { ToolOutcome } from '../../agent/types.ts'
import { type Failure, failureOf, notApprovedText, reasonOf, reviewersOf, TEXTS } from './texts.ts'

/*
 * The life of one tool call. What is written beside an arrow happens before the state is left.
 *
 *   Pending ──request created──▶ AwaitingApproval ──Approved, digest equal──▶ Executing ──▶ Succeeded | Failed
 *      │                               │                                      ▲    │
 *      │ not gated                     ├─▶ Rejected | Expired | Cancelled     │    └─ crashed ─▶ Unknown
 *      └──────────────────────────────────────────────────────────────────────┘
 *                                      └─ digest differs ─▶ NotExecuted
 *
 * Executing is written with the resourceVersion that was read, before the tool is called: whoever loses that
 * write does not call.
 */

/** What this process is doing about a call: nothing, fenced (Executing is written, the tool not yet called), calling, or done. */
export type Flight =
  | { readonly state: 'None' }
  | { readonly state: 'Fenced' }
  | { readonly state: 'Calling' }
  | { readonly state: 'Done'; readonly outcome: ToolOutcome }

/** One call of the current turn, and all that is known of it. */
export interface CallView {
  readonly step: Step
  readonly call: TurnCall
  /** Its request, if it is this very run's (the UID was compared). */
  readonly request: ApprovalRequest | undefined
  readonly flight: Flight
  /** Its result, where the transcript has one already. */
  readonly stored: TurnResult | undefined
}

export interface CallContext {
  /** The run fails, is cancelled or deleted: start nothing, cancel what waits. */
  readonly stopping: boolean
  /** This process is about to stop: start nothing new. */
  readonly draining: boolean
  /** The policies were seen to refuse (design.md section 5). */
  readonly trusted: boolean
  /** `approval.onRejection` of the agent, for calls that have no request. */
  readonly onRejection: 'Fail' | 'Continue'
  /** `retryUnknown` of the call's toolset. */
  readonly retryUnknown: boolean
}

export type CallMove =
  | { readonly move: 'Stay' }
  /** Create the request, then AwaitingApproval. */
  | { readonly move: 'Open' }
  /** Settle the open request as Cancelled. */
  | { readonly move: 'Cancel' }
  /** Check the digest (of a gated call), write Executing, record, call. */
  | { readonly move: 'Execute' }
  /** Executing is written by this process but the call was not made yet: check the digest again, record and call. */
  | { readonly move: 'Resume' }
  /** Executing was written by a process that is gone; the call may be made again: write Executing anew, record, call. */
  | { readonly move: 'Retry' }
  | Close

/** The call is over. */
export interface Close {
  readonly move: 'Close'
  readonly state: CallState
  readonly kind: TurnResult['kind']
  readonly text: string
  readonly approval?: NonNullable<Step['approval']>
  /** Set where this ends the run. */
  readonly failure?: Failure
}

const STAY: CallMove = { move: 'Stay' }

/** The next move for one call. Pure: it depends on nothing but its arguments. */
export const decideCall = (view: CallView, context: CallContext): CallMove => {
  // Already at the tool while the trace that was read says otherwise: what was read is old.
  if (view.step.state !== 'Executing' && (view.flight.state === 'Calling' || view.flight.state === 'Done'))
    return STAY
  switch (view.step.state) {
    case 'Pending':
      if (view.stored) return closeStored(view.stored)
      if (context.stopping) return close('NotExecuted', 'NotExecuted', TEXTS.stopped)
      return view.step.approvalRequest === undefined ? execute(context) : { move: 'Open' }
    case 'AwaitingApproval':
      return decideAwaiting(view, context)
    case 'Executing':
      return decideExecuting(view, context)
    default:
      return STAY
  }
}

const execute = (context: CallContext): CallMove =>
  context.draining || !context.trusted ? STAY : { move: 'Execute' }

const decideAwaiting = ({ request, stored }: CallView, context: CallContext): CallMove => {
  if (!request) {
    return context.stopping || stored ? close('Cancelled', 'NotExecuted', TEXTS.stopped) : { move: 'Open' }
  }
  switch (request.status.phase) {
    case 'Pending':
      return context.stopping ? { move: 'Cancel' } : STAY
    case 'Approved':
      // The model was told already that it was not executed: it never is, whatever has become of it since.
      if (stored)
        return {
          ...closeStored(stored),
          approval: approvalOf(request),
          ...changedFailure(request, stored, context),
        }
      if (context.stopping) {
        return { ...close('NotExecuted', 'NotExecuted', TEXTS.stopped), approval: approvalOf(request) }
      }
      return execute(context)
    default:
      return closeUnapproved(request, context)
  }
}

const closeStored = (stored: TurnResult): Close => close(stateOf(stored.kind), stored.kind, stored.text)

const changedFailure = (
  request: ApprovalRequest,
  stored: TurnResult,
  context: CallContext,
): { readonly failure?: Failure } =>
  stored.text === TEXTS.callChanged && request.spec.onRejection === 'Fail' && !context.stopping
    ? {
        failure: {
          reason: 'CallChanged',
          message: `${request.spec.tool} was approved but not called: it was no longer what was approved`,
        },
      }
    : {}

const closeUnapproved = (request: ApprovalRequest, context: CallContext): Close => ({
  ...close(
    request.status.phase as 'Rejected' | 'Expired' | 'Cancelled',
    'NotExecuted',
    notApprovedText(request),
  ),
  approval: approvalOf(request),
  ...(request.spec.onRejection === 'Fail' && !context.stopping ? { failure: failureOf(request) } : {}),
})

const decideExecuting = (view: CallView, context: CallContext): CallMove => {
  if (view.stored) return view.stored.kind === 'Unknown' ? unknown(view, context) : closeStored(view.stored)
  switch (view.flight.state) {
    case 'Calling':
      return STAY
    case 'Fenced':
      if (context.stopping) return close('NotExecuted', 'NotExecuted', TEXTS.stopped)
      // Also while this process is about to stop: left as it is, the next one could only call it Unknown.
      return context.trusted ? { move: 'Resume' } : STAY
    case 'Done':
      return view.flight.outcome.kind === 'Result'
        ? close('Succeeded', 'Result', view.flight.outcome.text)
        : close('Failed', 'Error', view.flight.outcome.text)
    case 'None': {
      // Somebody wrote Executing and is gone: the tool may have been called. Only a call that no gate stopped,
      // of a toolset that opted in, is made again (with the same idempotency key).
      if (view.step.approvalRequest === undefined && context.retryUnknown && !context.stopping) {
        return context.draining || !context.trusted ? STAY : { move: 'Retry' }
      }
      return unknown(view, context)
    }
  }
}

const unknown = (view: CallView, context: CallContext): Close => {
  const onRejection = view.request?.spec.onRejection ?? context.onRejection
  return {
    ...close('Unknown', 'Unknown', TEXTS.unknown),
    ...(onRejection === 'Fail' && !context.stopping
      ? {
          failure: {
            reason: 'OutcomeUnknown',
            message: `the operator stopped while ${view.step.tool} was being called: whether it was executed is unknown, and it is not called again`,
          },
        }
      : {}),
  }
}

const stateOf = (kind: TurnResult['kind']): CallState =>
  (({ Result: 'Succeeded', Error: 'Failed', NotExecuted: 'NotExecuted', Unknown: 'Unknown' }) as const)[kind]

const close = (state: CallState, kind: TurnResult['kind'], text: string): Close => ({
  move: 'Close',
  state,
  kind,
  text,
})

/** The outcome of a settled request as the trace shows it beside its call. */
export const approvalOf = (request: ApprovalRequest): NonNullable<Step['approval']> => {
  const phase = request.status.phase as 'Approved' | 'Rejected' | 'Expired' | 'Cancelled'
  const verdict = phase === 'Rejected' ? 'Reject' : 'Approve'
  const reviewers = phase === 'Approved' || phase === 'Rejected' ? reviewersOf(request, verdict) : []
  const reason = reviewers.length > 0 ? reasonOf(request, verdict) : request.status.message
  const from = Date.parse(request.metadata.creationTimestamp ?? '')
  const to = Date.parse(request.status.decidedAt ?? '')
  return {
    verdict: phase,
    reviewers,
    waitedSeconds: Number.isFinite(to - from) ? Math.max(0, Math.round((to - from) / 1000)) : 0,
    ...(reason === undefined ? {} : { reason }),
  }
}

/** States that no call leaves. */
export const isOver = (step: Step): boolean =>
  step.state !== 'Pending' && step.state !== 'AwaitingApproval' && step.state !== 'Executing'
