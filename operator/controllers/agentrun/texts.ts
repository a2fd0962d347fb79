import type { FailureReason } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { cutText } from '../../policy/json.ts'

/** A failure of a run: the reason of its catalogue (crds `failureReasons`) and a sentence for people. */
export interface Failure {
  readonly reason: FailureReason
  readonly message: string
}

/** Reviewers' names in the order of their entries, for people. */
export const reviewersOf = (request: ApprovalRequest, verdict: 'Approve' | 'Reject'): string[] =>
  request.status.decisions.filter(decision => decision.verdict === verdict).map(decision => decision.reviewer)

/** The reasons given with a verdict, one after the other; undefined where none was given. */
export const reasonOf = (request: ApprovalRequest, verdict: 'Approve' | 'Reject'): string | undefined => {
  const reasons = request.status.decisions
    .filter(decision => decision.verdict === verdict)
    .flatMap(decision => (decision.reason?.trim() ? [decision.reason.trim()] : []))
  return reasons.length > 0 ? cutText(reasons.join('; '), 4096) : undefined
}

/** What `Fail` writes into the run for a request that ended without approval. */
export const failureOf = (request: ApprovalRequest): Failure => {
  const { tool, timeoutSeconds } = request.spec
  switch (request.status.phase) {
    case 'Rejected': {
      const reason = reasonOf(request, 'Reject')
      const who = reviewersOf(request, 'Reject').join(', ')
      return {
        reason: 'ApprovalRejected',
        message: cut(`${who} rejected ${tool}${reason ? `: ${reason}` : ''}`),
      }
    }
    case 'Expired':
      return {
        reason: 'ApprovalExpired',
        message: `${tool} was not approved within ${timeoutSeconds} seconds`,
      }
    default:
      return {
        reason: 'ApprovalCancelled',
        message: cut(`the request to approve ${tool} was cancelled${ofMessage(request)}`),
      }
  }
}

const ofMessage = (request: ApprovalRequest): string =>
  request.status.message ? `: ${request.status.message}` : ''

const cut = (text: string): string => cutText(text, 4096)

/**
 * What the model is told of a call that was not executed because its request ended without approval. Never a
 * name: who reviews is no business of the model's.
 */
export const notApprovedText = (request: ApprovalRequest): string => {
  switch (request.status.phase) {
    case 'Rejected': {
      const reason = reasonOf(request, 'Reject')
      return `This call was not executed: a reviewer rejected it.${reason ? ` Reason: ${/[.!?]$/.test(reason) ? reason : `${reason}.`}` : ''} ${DO_NOT_REPEAT}`
    }
    case 'Expired':
      return `This call was not executed: the timeout ended it, as nobody approved it in time. ${DO_NOT_REPEAT}`
    default:
      return `This call was not executed: the request to approve it was cancelled. ${DO_NOT_REPEAT}`
  }
}

const DO_NOT_REPEAT =
  'Do not repeat the same call; it will not be executed in this run. Go on without it, or say what you need.'

export const TEXTS = {
  unknown:
    'The outcome of this call is unknown: the process that made it stopped before its answer was recorded. It may or may not have been executed, and it will not be made again. Check its effect by other means before you rely on it.',
  callChanged:
    'This call was not executed: the tool, its schema or its parameters are no longer those that were approved. Ask again if it is still needed.',
  toolGone: 'This call was not executed: its tool is not there any more, so nobody could be asked about it.',
  stopped: 'This call was not executed: the run ended first.',
} as const
