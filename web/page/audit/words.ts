import { type AuditAction, auditActions } from '../../../crds/v1alpha1/audit-actions.ts'

/** What an action is called where people read it. */
export const actionWords: Readonly<Record<AuditAction, string>> = {
  RunStarted: 'run started',
  ApprovalRequested: 'approval requested',
  ApprovalApproved: 'approved',
  ApprovalRejected: 'rejected',
  ApprovalExpired: 'expired',
  ApprovalCancelled: 'approval cancelled',
  ToolExecuting: 'tool call began',
  ToolExecuted: 'tool call ended',
  RunEnded: 'run ended',
  AgentCreated: 'agent created',
  AgentChanged: 'agent changed',
  AgentDeleted: 'agent deleted',
  ConfigChanged: 'config changed',
  KeyCreated: 'API key created',
  KeyRevoked: 'API key revoked',
}

export const actionOptions = auditActions.map(action => [action, actionWords[action]] as const)

/** The operator's own account: what no person did. */
const OPERATOR = /^system:serviceaccount:[^:]+:countersign-operator$/

/** Who did it, for people; the full name where it is a person's. */
export const actorWords = (actor: string | undefined): string =>
  actor === undefined ? 'not known' : OPERATOR.test(actor) ? 'the operator' : actor
