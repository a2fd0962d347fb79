import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { itemOf } from '../approvals/item.ts'
import type { ProjectEvent } from './event.ts'

/** What is remembered of an object, to tell whether people would want to hear of a change of it. */
export interface Summary {
  readonly uid: string
  readonly agent: string
  /** Changes whenever something changes that is told of. */
  readonly mark: string
  readonly phase?: string
  /** What people were told in the page beyond that it is there. */
  readonly told?: Again
}

interface Again {
  readonly reminded: boolean
  readonly escalated: boolean
}

/** How one kind tells of itself. `at`: now, where the object does not say when. */
export interface Teller<T> {
  summary(object: T): Summary
  /** What to tell, undefined for nothing. `before`: absent for an object that was not known. */
  tell(object: T, before: Summary | undefined, at: string): ProjectEvent | undefined
  deleted(object: T, at: string): ProjectEvent
}

const subjectOf = ({ metadata }: { metadata: { name: string; namespace?: string } }) => ({
  project: metadata.namespace ?? '',
  name: metadata.name,
})

type ApprovalType = Extract<ProjectEvent, { tool: string }>['type']

function approvalEvent(type: ApprovalType, request: ApprovalRequest, at: string): ProjectEvent {
  const { project, name, agent, run, tool, phase, decisions, requiredApprovals, expiresAt } = itemOf(request)
  const approvals = decisions.filter(({ verdict }) => verdict === 'Approve').length
  return { type, project, name, agent, run, tool, phase, approvals, requiredApprovals, expiresAt, at }
}

/**
 * Who was told is written again and again, while messages go out. Nobody waits for that: a bell rings for what is told in
 * the page alone, once for each.
 */
const toldAgain = ({ status: { notifications = [] } }: ApprovalRequest): Again => {
  const inPage = notifications.filter(({ channel }) => channel === 'InApp')
  return {
    reminded: inPage.some(({ event }) => event === 'Reminded'),
    escalated: inPage.some(({ event }) => event === 'Escalated'),
  }
}

export const approvalTeller: Teller<ApprovalRequest> = {
  summary: request => {
    const { metadata, spec, status } = request
    const { phase, decisions } = status
    const told = toldAgain(request)
    return {
      uid: metadata.uid ?? '',
      agent: spec.agentRef.name,
      mark: `${phase} ${decisions.length} ${told.reminded} ${told.escalated}`,
      phase,
      told,
    }
  },
  tell(request, before, at) {
    const { status, metadata } = request
    if (status.phase !== 'Pending') {
      // A terminal phase never changes, so it is told once.
      if (before !== undefined && before.phase !== 'Pending') return undefined
      return approvalEvent('ApprovalSettled', request, status.decidedAt ?? at)
    }
    if (before === undefined)
      return approvalEvent('ApprovalRequested', request, metadata.creationTimestamp ?? at)
    const told = toldAgain(request)
    if (told.escalated && before.told?.escalated !== true) {
      return approvalEvent('ApprovalEscalated', request, at)
    }
    if (told.reminded && before.told?.reminded !== true) return approvalEvent('ApprovalReminded', request, at)
    return approvalEvent('ApprovalDecided', request, at)
  },
  deleted: (request, at) => approvalEvent('ApprovalDeleted', request, at),
}

const runEvent = (type: 'RunChanged' | 'RunDeleted', run: AgentRun, at: string): ProjectEvent => ({
  type,
  ...subjectOf(run),
  agent: run.spec.agentRef.name,
  run: run.metadata.name,
  phase: run.status?.phase ?? 'Pending',
  at,
})

export const runTeller: Teller<AgentRun> = {
  summary: ({ metadata, spec, status }) => ({
    uid: metadata.uid ?? '',
    agent: spec.agentRef.name,
    mark: [
      status?.phase,
      status?.turns,
      spec.cancel,
      // Why it stands where it stands.
      status?.conditions?.find(({ type }) => type === 'Complete')?.reason,
      // A step's state only moves forward, and steps are only added.
      ...(status?.steps ?? []).map(step => ('state' in step ? step.state : step.type)),
    ].join(' '),
  }),
  tell: (run, _, at) => runEvent('RunChanged', run, at),
  deleted: (run, at) => runEvent('RunDeleted', run, at),
}

const readyOf = ({ status }: Agent) => status?.conditions?.find(({ type }) => type === 'Ready')

function agentEvent(type: 'AgentChanged' | 'AgentDeleted', agent: Agent, at: string): ProjectEvent {
  const ready = readyOf(agent)
  const { name } = agent.metadata
  const reason = ready?.reason === undefined ? {} : { reason: ready.reason }
  return { type, ...subjectOf(agent), agent: name, ready: ready?.status ?? 'Unknown', ...reason, at }
}

export const agentTeller: Teller<Agent> = {
  summary: agent => ({
    uid: agent.metadata.uid ?? '',
    agent: agent.metadata.name,
    mark: [
      agent.metadata.generation,
      agent.status?.observedGeneration,
      ...(agent.status?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      agent.status?.toolsHash,
      // What the project's gates stop of it.
      agent.status?.tools?.map(({ gate }) => gate.charAt(0)).join(''),
    ].join(' '),
  }),
  tell: (agent, _, at) => agentEvent('AgentChanged', agent, at),
  deleted: (agent, at) => agentEvent('AgentDeleted', agent, at),
}
