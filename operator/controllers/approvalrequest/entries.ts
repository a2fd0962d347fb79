import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditAction } from '../../../crds/v1alpha1/audit-actions.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { cutText } from '../../policy/json.ts'
import { storedBytes } from '../../stored-size.ts'

/** Who acts where no person does. */
export const OPERATOR = 'system:serviceaccount:countersign-system:countersign-operator'

const ACTIONS = {
  Approved: 'ApprovalApproved',
  Rejected: 'ApprovalRejected',
  Expired: 'ApprovalExpired',
  Cancelled: 'ApprovalCancelled',
} as const satisfies Record<string, AuditAction>

/** What every entry about a request says of it. */
const about = (request: ApprovalRequest, run: AgentRun | undefined): Omit<NewEntry['entry'], 'action'> => ({
  agent: request.spec.agentRef.name,
  ...(run?.status?.agentGeneration === undefined ? {} : { agentGeneration: run.status.agentGeneration }),
  run: request.spec.runRef.name,
  approvalRequest: request.metadata.name,
  tool: request.spec.tool,
  params: request.spec.params,
  paramsDigest: request.spec.paramsDigest,
  callDigest: request.spec.callDigest,
  gates: request.spec.gates,
  ...(run === undefined ? {} : recordedContext(run)),
})

/** Bytes that `spec.context` may take. */
export const MAX_CONTEXT_BYTES = 16_384

/** The context of a run as an entry holds it: of one that is larger than it may be (the run fails) its size alone. */
export const recordedContext = (run: AgentRun): Pick<NewEntry['entry'], 'context'> => {
  const { context } = run.spec
  if (context === undefined) return {}
  const bytes = storedBytes(context)
  return { context: bytes > 6 * MAX_CONTEXT_BYTES ? { $bytes: bytes } : context }
}

/**
 * The entries that must be in the audit log for a request as it is now: that it was asked for, then how it ended.
 * Both are given each time; the writer leaves out what is recorded already.
 */
export const entriesFor = (request: ApprovalRequest, run: AgentRun | undefined): NewEntry[] => {
  const uid = request.metadata.uid ?? ''
  const requested: NewEntry = {
    key: auditKey('ApprovalRequested', uid),
    entry: { action: 'ApprovalRequested', actor: OPERATOR, ...about(request, run) },
  }
  const { phase, decisions, message } = request.status
  if (phase === 'Pending') return [requested]
  const action = ACTIONS[phase]
  const counted = decisions.filter(({ verdict }) =>
    phase === 'Approved' ? verdict === 'Approve' : phase === 'Rejected' ? verdict === 'Reject' : false,
  )
  const reasons = counted.flatMap(({ reason }) => (reason ? [reason] : []))
  const reason = counted.length > 0 ? reasons.join('; ') : (message ?? '')
  return [
    requested,
    {
      key: auditKey(action, uid),
      entry: {
        action,
        actor:
          counted.length > 0 ? cutText(counted.map(({ reviewer }) => reviewer).join(', '), 4096) : OPERATOR,
        ...(counted.length > 0 ? { via: [...new Set(counted.map(({ via }) => via))].join(', ') } : {}),
        ...about(request, run),
        ...(reason === '' ? {} : { reason: cutText(reason, 4096) }),
        outcome: phase,
      },
    },
  ]
}
