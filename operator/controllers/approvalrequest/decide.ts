import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { settle } from '../../policy/decisions.ts'
import { isAnnounced } from './progress.ts'
import { expiresAt, type TerminalPhase } from './settlement.ts'

/*
 * The life of a request. Decisions are added by reviewers, phases written by the operator alone.
 *
 *   Pending ──any Reject──▶ Rejected
 *      ├────requiredApprovals Approves──▶ Approved
 *      ├────clock at expiresAt──▶ Expired
 *      └────its run ended, or is another one──▶ Cancelled
 *
 * The phase is written with the resourceVersion that was read, so exactly one of them wins; the audit record
 * follows, and nothing acts on a phase whose record is not written.
 */

export type RequestPlan =
  /** The status does not say yet when it ends, or how many have approved. */
  | { readonly plan: 'Announce' }
  | { readonly plan: 'Wait'; readonly untilMs: number }
  | { readonly plan: 'Settle'; readonly phase: TerminalPhase; readonly message: string }
  /** Terminal: its record must be there. */
  | { readonly plan: 'Record' }
  /** The policies were not seen to refuse: nothing is settled. */
  | { readonly plan: 'Distrust' }

/** What is to be done about a request. `runAlive`: whether the very run that it belongs to still goes on. */
export const decideRequest = (
  request: ApprovalRequest,
  facts: { readonly now: number; readonly runAlive: boolean; readonly trusted: boolean },
): RequestPlan => {
  if (request.status.phase !== 'Pending') return { plan: 'Record' }
  if (!facts.trusted) return { plan: 'Distrust' }
  if (!facts.runAlive) {
    return { plan: 'Settle', phase: 'Cancelled', message: 'The run that asked for it has ended or is gone.' }
  }
  const deadline = expiresAt(request)
  const settlement = settle(request, facts.now, deadline)
  if (settlement.phase !== 'Pending') {
    return { plan: 'Settle', phase: settlement.phase, message: settlement.message }
  }
  return isAnnounced(request) ? { plan: 'Wait', untilMs: deadline } : { plan: 'Announce' }
}
