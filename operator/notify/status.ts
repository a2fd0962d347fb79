import { isDeepStrictEqual } from 'node:util'
import type { ApprovalRequest, ApprovalRequestStatus } from '../../crds/v1alpha1/approvalrequest.ts'
import { findCondition } from '../controllers/conditions.ts'
import type { Entries } from './entries.ts'
import { notified, withNotified } from './notified.ts'

/**
 * The status of a request with what is known of its notifications; undefined where it says so already. Of a settled
 * request that nobody was to hear of nothing is said.
 *
 * @param now RFC 3339
 */
export function notifiedStatus(
  request: ApprovalRequest,
  entries: Entries,
  now: string,
): ApprovalRequestStatus | undefined {
  const { status } = request
  if (entries.length === 0 && status.phase !== 'Pending') return undefined
  const is = findCondition(status.conditions, 'Notified')
  const should = notified(entries)
  const same = is?.status === should.status && is.reason === should.reason && is.message === should.message
  if (same && isDeepStrictEqual(entries, status.notifications ?? [])) return undefined
  return {
    ...status,
    ...(entries.length === 0 ? {} : { notifications: [...entries] }),
    conditions: withNotified(request, entries, now),
  }
}
