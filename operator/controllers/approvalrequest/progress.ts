import type { ApprovalRequest, ApprovalRequestStatus } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { ProjectSpec } from '../../../crds/v1alpha1/project.ts'
import { planOf } from '../../notify/plan.ts'
import { notifiedStatus } from '../../notify/status.ts'
import { countText, isUndecidable, progressOf } from '../../policy/decisions.ts'
import { type ConditionInput, findCondition, setConditions } from '../conditions.ts'
import { expiresAt, requestedAt, wholeSeconds } from './settlement.ts'

/** Reasons of `Decided=False`; those of `Decided=True` are the terminal phases. */
export const PENDING_REASONS = {
  /** Reviewers are waited for. */
  awaiting: 'AwaitingApprovals',
  /** No decision by anybody would be taken. */
  nobody: 'NobodyMayDecide',
} as const

/** How far a pending request is, as its condition `Decided` says it: `1 of 2 approvals: alice@acme.com`. */
export const undecided = (request: ApprovalRequest): ConditionInput => {
  const condition = { type: 'Decided', status: 'False' } as const
  if (isUndecidable(request.spec)) {
    return {
      ...condition,
      reason: PENDING_REASONS.nobody,
      message:
        'Nobody can decide this request, so it will expire: who started the run may not (allowSelfApproval is false), and who that was is not known. Start the run again with spec.requestedBy set to your own name.',
    }
  }
  const progress = progressOf(request)
  const by = progress.by.length === 0 ? '' : `: ${progress.by.join(', ')}`
  return { ...condition, reason: PENDING_REASONS.awaiting, message: `${countText(progress)}${by}` }
}

/** Whether the status of a pending request says already when it ends and how far it is. */
export const isAnnounced = (request: ApprovalRequest): boolean => {
  if (request.status.expiresAt === undefined) return false
  const is = findCondition(request.status.conditions, 'Decided')
  const should = undecided(request)
  return is?.status === should.status && is.reason === should.reason && is.message === should.message
}

/**
 * The status with times, progress and whom is to be told: one that needs a single approval gets all of it in one write.
 *
 * @param project undefined: the namespace has none
 */
export const announcedStatus = (
  request: ApprovalRequest,
  project: ProjectSpec | undefined,
  now: number,
): ApprovalRequestStatus => {
  const time = wholeSeconds(now)
  const { entries } = planOf(request, project, request.status.notifications ?? [], now)
  const status = notifiedStatus(request, entries, time) ?? request.status
  return {
    ...status,
    requestedAt: wholeSeconds(requestedAt(request)),
    expiresAt: wholeSeconds(expiresAt(request)),
    conditions: setConditions(
      status.conditions,
      [undecided(request)],
      request.metadata.generation ?? 1,
      time,
    ),
  }
}
