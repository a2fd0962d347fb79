import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { visible } from '../../operator/policy/visible.ts'
import { progress } from '../decide/judge.ts'

/** Something that happened to a request while it was watched. */
export interface Change {
  readonly word:
    | 'waiting'
    | 'new'
    | 'decision'
    | 'approved'
    | 'rejected'
    | 'expired'
    | 'cancelled'
    | 'deleted'
  readonly request: ApprovalRequest
  /** What a person wants to know beside the request itself; empty for a new one. */
  readonly text: string
}

const ENDS = {
  Approved: 'approved',
  Rejected: 'rejected',
  Expired: 'expired',
  Cancelled: 'cancelled',
} as const

/**
 * What happened between two sights of the same request. `before` is undefined when it was not pending or not known;
 * `after` is undefined when it is gone.
 */
export function changesOf(
  before: ApprovalRequest | undefined,
  after: ApprovalRequest | undefined,
): readonly Change[] {
  if (!after) return before ? [{ word: 'deleted', request: before, text: 'before it was decided' }] : []
  const { phase, decisions, message } = after.status
  if (phase !== 'Pending') {
    return before ? [{ word: ENDS[phase], request: after, text: endText(after, message) }] : []
  }
  if (!before) return [{ word: 'new', request: after, text: '' }]
  const known = new Set(before.status.decisions.map(decision => decision.reviewer))
  return decisions
    .filter(decision => !known.has(decision.reviewer))
    .map(({ reviewer, verdict, reason }) => {
      const done = verdict === 'Approve' ? 'approved' : 'rejected'
      const why = reason ? `: ${visible(reason)}` : ''
      return {
        word: 'decision',
        request: after,
        text: `${done} by ${visible(reviewer)}${why}; ${progress(after)}`,
      }
    })
}

function endText(request: ApprovalRequest, message: string | undefined): string {
  const { phase, decisions } = request.status
  const verdict = phase === 'Approved' ? 'Approve' : phase === 'Rejected' ? 'Reject' : undefined
  if (!verdict) return message ? visible(message) : ''
  const counted = decisions.filter(decision => decision.verdict === verdict)
  const by = counted
    .map(decision => visible(decision.reviewer))
    .sort()
    .join(', ')
  const reasons = counted.flatMap(decision => (decision.reason ? [visible(decision.reason)] : []))
  return `by ${by}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`
}
