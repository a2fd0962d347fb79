import { isDeepStrictEqual } from 'node:util'
import type { Agent, AgentStatus } from '../../../crds/v1alpha1/agent.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { agents } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Logger } from '../../../kube/logger.ts'
import type { Clock } from '../../../kube/types.ts'
import { readSecret } from '../../egress/secrets.ts'
import type { Toolbox } from '../../toolbox/toolbox.ts'
import { modelHost } from '../agentrun/ask.ts'
import type { Cache, RecordEvent } from '../cache.ts'
import { findCondition } from '../conditions.ts'
import { decideAgent, type Finding, wantsRetry } from './decide.ts'

export interface AgentControllerDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly event: RecordEvent
  readonly agents: Cache<Agent>
  readonly projects: Cache<Project>
  readonly toolbox: Toolbox
}

/** Toolsets and Secrets are looked at again after this time, in milliseconds: sooner where something is away. */
const REFRESH_MS = 60_000
const RETRY_MS = 5_000
const LIST_TIMEOUT_MS = 20_000

/** Finds out whether an agent can be run, and pins its tools. */
export const reconcileAgent = async (
  deps: AgentControllerDeps,
  namespace: string,
  name: string,
): Promise<{ requeueAfterMs?: number }> => {
  const agent = deps.agents.find({ namespace, name })
  if (!agent || agent.metadata.deletionTimestamp) {
    if (agent?.metadata.uid) deps.toolbox.forget(agent.metadata.uid)
    return {}
  }
  const project = deps.projects.find({ namespace, name: 'project' })
  const status = decideAgent(
    {
      agent,
      projectGates: project?.spec.approval?.tools ?? [],
      listings: await deps.toolbox.list(agent, AbortSignal.timeout(LIST_TIMEOUT_MS)),
      modelSecret: await checkModelSecret(deps.client, agent),
    },
    new Date(deps.clock.now()).toISOString(),
  )
  await writeAgentStatus(deps, agent, status)
  return { requeueAfterMs: wantsRetry(status) ? RETRY_MS : REFRESH_MS }
}

const checkModelSecret = async (client: Client, agent: Agent): Promise<Finding | undefined> => {
  const ref = agent.spec.model.apiKeySecretRef
  if (!ref) return undefined
  const secret = await readSecret({
    client,
    namespace: agent.metadata.namespace ?? '',
    name: ref.name,
    host: modelHost(agent),
  })
  if (!secret.ok) return secret
  return secret.data[ref.key] === undefined
    ? { reason: 'SecretKeyMissing', message: `Secret ${ref.name} has no key ${ref.key}` }
    : undefined
}

const writeAgentStatus = async (
  deps: AgentControllerDeps,
  agent: Agent,
  status: AgentStatus,
): Promise<void> => {
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(status)), agent.status)) return
  const written = await deps.client.replace(agents, { ...agent, status }, { subresource: 'status' })
  deps.agents.wrote(written)
  const ready = findCondition(status.conditions, 'Ready')
  const before = findCondition(agent.status?.conditions, 'Ready')
  if (!ready || (ready.status === before?.status && ready.reason === before.reason)) return
  const { namespace, name } = agent.metadata
  deps.log.info({ namespace, name, ready: ready.status, reason: ready.reason }, 'agent changed its readiness')
  deps.event(agent, {
    type: ready.status === 'True' ? 'Normal' : 'Warning',
    reason: ready.reason,
    action: 'Check',
    note: ready.message,
  })
}
