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

/** How far a request is from its quorum. */
export interface Progress {
  /** Different reviewers who have approved. */
  readonly given: number
  readonly required: number
  /** Who they are, sorted, as the list's order says nothing. */
  readonly by: readonly string[]
}

/** Counts approvals by the person: whoever comes twice, over whatever path, is one. */
export function progressOf({ spec, status }: Decidable): Progress {
  const by = new Set(status.decisions.filter(({ verdict }) => verdict === 'Approve').map(d => d.reviewer))
  return { given: by.size, required: spec.requiredApprovals, by: [...by].sort() }
}

/** `1 of 2 approvals`. */
export const countText = ({ given, required }: Progress): string => `${given} of ${required} approvals`

/**
 * Whether nobody at all may decide a request, so that it can only expire: the starter may not, and nobody knows who
 * that is. The policy countersign-decisions refuses every decision on it.
 */
export const isUndecidable = (
  spec: Pick<ApprovalRequestSpec, 'allowSelfApproval' | 'requestedBy'>,
): boolean => !spec.allowSelfApproval && spec.requestedBy === undefined

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
  const { decisions } = request.status
  const rejects = decisions.filter(decision => decision.verdict === 'Reject')
  const approves = decisions.filter(decision => decision.verdict === 'Approve')
  if (rejects.length > 0) return { phase: 'Rejected', ...told('Rejected', rejects) }
  const progress = progressOf(request)
  if (progress.given >= progress.required) return { phase: 'Approved', ...told('Approved', approves) }
  if (now < expiresAt) return { phase: 'Pending', approvals: progress.given }
  const got = progress.given === 0 ? 'Nobody decided' : `${countText(progress)} were given`
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
