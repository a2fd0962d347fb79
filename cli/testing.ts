// Builders for the tests of cli/.
import type {
  ApprovalRequest,
  ApprovalRequestSpec,
  ApprovalRequestStatus,
  Decision,
} from '../crds/v1alpha1/approvalrequest.ts'

/** The clock of the unit tests. */
export const NOW = Date.parse('2026-11-22T17:00:00Z')

export const DIGEST = `sha256:${'a'.repeat(64)}`

interface Wishes {
  readonly name?: string
  readonly namespace?: string
  /** Seconds before `NOW`. */
  readonly age?: number
  readonly spec?: Partial<ApprovalRequestSpec>
  readonly status?: Partial<ApprovalRequestStatus>
}

/** A pending request of agent `order-manager` for a refund of 2,400, asked for a minute ago, with an hour to decide. */
export function anApproval({
  name = 'refund-1-1-0',
  namespace = 'shop',
  age = 60,
  spec,
  status,
}: Wishes = {}): ApprovalRequest {
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-of-${namespace}-${name}`,
      creationTimestamp: new Date(NOW - age * 1000).toISOString(),
    },
    spec: {
      agentRef: { name: 'order-manager' },
      runRef: { name: 'refund-1', uid: '9f5d9bd1-8f7c-4a39-a2a5-6bb1a3b7c0de' },
      callID: '1.0',
      tool: 'order_tools.process_refund',
      params: { order_id: 'ORD-1287', amount: 2400 },
      paramsDigest: DIGEST,
      callDigest: DIGEST,
      gates: [{ name: 'order_tools.process_refund', from: 'Agent', outcome: 'Always' }],
      timeoutSeconds: 3600,
      onRejection: 'Fail',
      requiredApprovals: 1,
      allowSelfApproval: true,
      requestedBy: 'bob@acme.com',
      ...spec,
    },
    status: { phase: 'Pending', decisions: [], ...status },
  }
}

/** A decision given at `NOW`. */
export const aDecision = (
  reviewer: string,
  verdict: Decision['verdict'] = 'Approve',
  reason?: string,
): Decision => ({
  reviewer,
  verdict,
  ...(reason === undefined ? {} : { reason }),
  decidedAt: new Date(NOW).toISOString(),
  via: 'Kubectl',
})
