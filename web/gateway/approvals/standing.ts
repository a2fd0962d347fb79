import type { ApprovalRequest, Decision } from '../../../crds/v1alpha1/approvalrequest.ts'
import { settle } from '../../../operator/policy/decisions.ts'
import { type Problem, problem } from '../problems/problem.ts'
import { itemOf } from './item.ts'

export type Verdict = Decision['verdict']

/** Where a request stands for one reviewer who wants one verdict. */
export type Standing =
  /** They can still decide. */
  | { readonly kind: 'Open' }
  /** They have decided so already: nothing is left to do, whatever became of the request. */
  | { readonly kind: 'Done' }
  | { readonly kind: 'Refused'; readonly problem: Problem }

/** Looks at the request as it is; the clock is the API server's business. */
export function standingOf(request: ApprovalRequest, reviewer: string, verdict: Verdict): Standing {
  const { name } = request.metadata
  const { phase, decisions } = request.status
  const own = decisions.find(decision => decision.reviewer === reviewer)
  if (own?.verdict === verdict) return { kind: 'Done' }
  const members = { phase, decisions }
  if (own !== undefined) {
    return {
      kind: 'Refused',
      problem: problem('AlreadyDecided', { name, reviewer, verdict: own.verdict }, { members }),
    }
  }
  if (phase === 'Expired') return { kind: 'Refused', problem: expired(request) }
  if (phase === 'Pending') return { kind: 'Open' }
  return {
    kind: 'Refused',
    problem: problem('ApprovalSettled', { name, phase, who: whoDecided(request) }, { members }),
  }
}

/** The problem of a request whose time is over, whether or not the operator has said so already. */
export function expired(request: ApprovalRequest): Problem {
  const { name, phase, expiresAt, decisions } = itemOf(request)
  return problem('ApprovalExpired', { name, expiresAt }, { members: { phase, decisions } })
}

/** Whether the decisions settle the request, so that its phase is about to change. */
export function isDecisive(request: ApprovalRequest): boolean {
  // Before its end whatever the time: decisions that are there were admitted in time.
  return settle(request, 0, Number.POSITIVE_INFINITY).phase !== 'Pending'
}

const doing = { Approve: 'approved', Reject: 'rejected' } as const

function whoDecided({ status: { decisions } }: ApprovalRequest): string {
  if (decisions.length === 0) return ''
  return ` (${decisions.map(({ reviewer, verdict }) => `${reviewer} ${doing[verdict]}`).join(', ')})`
}
