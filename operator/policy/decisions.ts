import type { ApprovalRequestSpec, Decision } from '../../crds/v1alpha1/approvalrequest.ts'

/** What settlement reads of an ApprovalRequest. */
export interface Decidable {
  readonly spec: Pick<ApprovalRequestSpec, 'requiredApprovals'>
  readonly status: { readonly decisions: readonly Pick<Decision, 'reviewer' | 'verdict' | 'reason'>[] }
}

/** Whether a request is decided, and how. `message` is for people and goes to status, Event and audit record alike. */
export type Settlement =
  | { readonly phase: 'Pending'; readonly approvals: number }
  | {
      readonly phase: 'Approved'
      readonly reviewers: readonly string[]
      readonly reason?: string
      readonly message: string
    }
  | {
      readonly phase: 'Rejected'
      readonly reviewers: readonly string[]
      readonly reason?: string
      readonly message: string
    }
  | { readonly phase: 'Expired'; readonly message: string }

//             one Reject ───────────────────────► Rejected
//            ╱
//   Pending ── requiredApprovals Approves ───────► Approved
//            ╲
//             neither, and the clock at expiresAt ► Expired

/**
 * Settles a request. A Reject wins over any number of Approves, whatever their order. The decisions that are there
 * were admitted in time by the API server, so they beat the clock however late they are settled. `now` and
 * `expiresAt` are instants in milliseconds.
 */
export function settle(request: Decidable, now: number, expiresAt: number): Settlement {
  const { requiredApprovals } = request.spec
  const { decisions } = request.status
  const rejects = decisions.filter(decision => decision.verdict === 'Reject')
  const approves = decisions.filter(decision => decision.verdict === 'Approve')
  if (rejects.length > 0) return { phase: 'Rejected', ...told('Rejected', rejects) }
  const reviewers = new Set(approves.map(decision => decision.reviewer))
  if (reviewers.size >= requiredApprovals) return { phase: 'Approved', ...told('Approved', approves) }
  if (now < expiresAt) return { phase: 'Pending', approvals: reviewers.size }
  const got =
    reviewers.size === 0 ? 'Nobody decided' : `${reviewers.size} of ${requiredApprovals} approvals were given`
  return { phase: 'Expired', message: `${got} before the time ran out.` }
}

function told(
  verb: string,
  decisions: Decidable['status']['decisions'],
): { reviewers: readonly string[]; reason?: string; message: string } {
  // Sorted, so that the message does not depend on the list's order, which reviewers can choose.
  const sorted = decisions.toSorted((a, b) => (a.reviewer < b.reviewer ? -1 : 1))
  const reviewers = [...new Set(sorted.map(decision => decision.reviewer))]
  const reasons = sorted.flatMap(decision => (decision.reason ? [decision.reason] : []))
  const by = `${verb} by ${reviewers.join(', ')}`
  if (reasons.length === 0) return { reviewers, message: `${by}.` }
  const reason = reasons.join('; ')
  return { reviewers, reason, message: `${by}: ${reason}` }
}
