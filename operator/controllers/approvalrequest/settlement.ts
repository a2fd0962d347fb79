import type {
  ApprovalRequest,
  ApprovalRequestStatus,
  RequestPhase,
} from '../../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Urgency } from '../../../kube/turnstile.ts'
import { cutText } from '../../policy/json.ts'
import { setConditions } from '../conditions.ts'

export type TerminalPhase = Exclude<RequestPhase, 'Pending'>

/** `metadata.creationTimestamp`, in milliseconds. */
export const requestedAt = (request: ApprovalRequest): number =>
  Date.parse(request.metadata.creationTimestamp ?? '')

/** When the request expires undecided, in milliseconds. */
export const expiresAt = (request: ApprovalRequest): number =>
  requestedAt(request) + request.spec.timeoutSeconds * 1000

/** RFC 3339 in whole seconds, as the API server writes its own times. */
export const wholeSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** The status with its terminal phase. Decisions stay as they are: only reviewers add them. */
export const settledStatus = (
  request: ApprovalRequest,
  phase: TerminalPhase,
  message: string,
  now: number,
): ApprovalRequestStatus => {
  const time = wholeSeconds(now)
  return {
    ...request.status,
    phase,
    requestedAt: wholeSeconds(requestedAt(request)),
    expiresAt: wholeSeconds(expiresAt(request)),
    decidedAt: time,
    message: cutText(message, 4096),
    conditions: setConditions(
      request.status.conditions,
      [{ type: 'Decided', status: 'True', reason: phase, message }],
      request.metadata.generation ?? 1,
      time,
    ),
  }
}

/**
 * Writes the status of a request with the resourceVersion that was read: a decision that came in between is a
 * conflict (409), and the caller looks again.
 *
 * @param urgency High: a call or a deadline waits for it
 */
export const writeRequestStatus = (
  client: Client,
  request: ApprovalRequest,
  status: ApprovalRequestStatus,
  urgency: Urgency = 'High',
): Promise<ApprovalRequest> =>
  client.replace(approvalRequests, { ...request, status }, { subresource: 'status', urgency })
