import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { progressOf } from '../../operator/policy/decisions.ts'

/** When it was asked for, by the server's clock; milliseconds since the epoch. */
export const requestedAt = (request: ApprovalRequest): number =>
  Date.parse(request.metadata.creationTimestamp ?? '')

/**
 * When it expires undecided, in milliseconds since the epoch. Computed as the policies compute it, as the operator may
 * not have written `status.expiresAt` yet.
 */
export const expiresAt = (request: ApprovalRequest): number =>
  requestedAt(request) + request.spec.timeoutSeconds * 1000

/** How many different reviewers have approved. */
export const approvals = (request: ApprovalRequest): number => progressOf(request).given
