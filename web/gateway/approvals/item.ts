import { z } from 'zod'
import {
  type ApprovalRequest,
  approvalRequestSpec,
  approvalRequestStatus,
  callID,
} from '../../../crds/v1alpha1/approvalrequest.ts'
import { objectName, time } from '../../../crds/v1alpha1/common.ts'
import { progressOf } from '../../../operator/policy/decisions.ts'
import { namespaceName } from '../http/params.ts'

const spec = approvalRequestSpec.shape
const status = approvalRequestStatus.shape

/** An ApprovalRequest as the REST API shows it. */
export const approvalItem = z.object({
  name: objectName.describe('Name of the request; decide by it.'),
  uid: z.string().describe('UID of the ApprovalRequest.'),
  project: namespaceName.describe('Its project.'),
  agent: objectName.describe('The agent whose call it is.'),
  run: objectName.describe('The run that waits.'),
  callID: callID.describe('Which call of the run: <turn>.<index>.'),
  tool: spec.tool,
  params: spec.params,
  message: spec.message,
  phase: z.enum(status.phase.unwrap().options).describe('Pending, or how it was settled.'),
  requestedAt: time.describe('When the request was created.'),
  expiresAt: time.describe('When it expires undecided.'),
  timeoutSeconds: spec.timeoutSeconds,
  gates: spec.gates,
  decisions: z.array(status.decisions.unwrap().element).describe('One entry for each reviewer who decided.'),
  requiredApprovals: spec.requiredApprovals,
  approvals: z.int().min(0).describe('How many different reviewers have approved.'),
  allowSelfApproval: spec.allowSelfApproval,
  onRejection: spec.onRejection,
  requestedBy: spec.requestedBy,
  remindAfterSeconds: spec.remindAfterSeconds,
  escalateAfterSeconds: spec.escalateAfterSeconds,
  escalateTo: spec.escalateTo,
  paramsDigest: spec.paramsDigest,
  callDigest: spec.callDigest,
  decidedAt: status.decidedAt,
  outcome: z.string().optional().describe('How it was settled, for people.'),
})
export type ApprovalItem = z.infer<typeof approvalItem>

/** One request by itself. Lists leave out who was told: that may be more than all the rest of it. */
export const approvalDetail = approvalItem.extend({
  notifications: z.array(status.notifications.unwrap().element).describe('Who was told, how and when.'),
  notified: z
    .object({
      status: z.enum(['True', 'False', 'Unknown']),
      reason: z.string().describe('Why, as one word.'),
      message: z.string().describe('Who was not told, and why; or who was.'),
    })
    .optional()
    .describe(
      'Whether everybody whom it concerns was told: the condition Notified. Absent: the operator has not said yet.',
    ),
})
export type ApprovalDetail = z.infer<typeof approvalDetail>

/** When a request expires, in milliseconds since the epoch by the API server's clock. */
export function expiryOf(request: ApprovalRequest): number {
  const { creationTimestamp = '' } = request.metadata
  return Date.parse(creationTimestamp) + request.spec.timeoutSeconds * 1000
}

/** The item of a request. Its times are there before the operator has written them. */
export function itemOf(request: ApprovalRequest): ApprovalItem {
  const { metadata, spec, status } = request
  const { creationTimestamp = '' } = metadata
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    project: metadata.namespace ?? '',
    agent: spec.agentRef.name,
    run: spec.runRef.name,
    callID: spec.callID,
    tool: spec.tool,
    params: spec.params,
    message: spec.message,
    phase: status.phase,
    requestedAt: status.requestedAt ?? creationTimestamp,
    expiresAt: status.expiresAt ?? new Date(expiryOf(request)).toISOString().replace('.000Z', 'Z'),
    timeoutSeconds: spec.timeoutSeconds,
    gates: spec.gates,
    decisions: status.decisions,
    requiredApprovals: spec.requiredApprovals,
    approvals: progressOf(request).given,
    allowSelfApproval: spec.allowSelfApproval,
    onRejection: spec.onRejection,
    requestedBy: spec.requestedBy,
    remindAfterSeconds: spec.remindAfterSeconds,
    escalateAfterSeconds: spec.escalateAfterSeconds,
    escalateTo: spec.escalateTo,
    paramsDigest: spec.paramsDigest,
    callDigest: spec.callDigest,
    decidedAt: status.decidedAt,
    outcome: status.message,
  }
}

/** The item of one request by itself, with who was told of it. */
export function detailOf(request: ApprovalRequest): ApprovalDetail {
  const { notifications = [], conditions = [] } = request.status
  const found = conditions.find(({ type }) => type === 'Notified')
  const notified = found && { status: found.status, reason: found.reason, message: found.message }
  return { ...itemOf(request), notifications, notified }
}
