/** What an audit record can tell of. In a file that needs nothing, so that the page can have it too. */
export const auditActions = [
  'RunStarted',
  'ApprovalRequested',
  'ApprovalApproved',
  'ApprovalRejected',
  'ApprovalExpired',
  'ApprovalCancelled',
  'ToolExecuting',
  'ToolExecuted',
  'RunEnded',
  'AgentCreated',
  'AgentChanged',
  'AgentDeleted',
  'ConfigChanged',
  'KeyCreated',
  'KeyRevoked',
] as const
export type AuditAction = (typeof auditActions)[number]
