import type { Agent } from './agent.ts'
import type { AgentRun } from './agentrun.ts'
import type { AgentTurn } from './agentturn.ts'
import type { APIKey } from './apikey.ts'
import type { ApprovalRequest } from './approvalrequest.ts'
import type { AuditRecord } from './auditrecord.ts'
import { GROUP, type ResourceOf, VERSION } from './meta.ts'
import type { Project } from './project.ts'

const resource = <T>(kind: string, plural: string): ResourceOf<T> => ({
  group: GROUP,
  version: VERSION,
  kind,
  plural,
  namespaced: true,
})

export const agents = resource<Agent>('Agent', 'agents')
export const agentRuns = resource<AgentRun>('AgentRun', 'agentruns')
export const agentTurns = resource<AgentTurn>('AgentTurn', 'agentturns')
export const approvalRequests = resource<ApprovalRequest>('ApprovalRequest', 'approvalrequests')
export const projects = resource<Project>('Project', 'projects')
export const apiKeys = resource<APIKey>('APIKey', 'apikeys')
export const auditRecords = resource<AuditRecord>('AuditRecord', 'auditrecords')
