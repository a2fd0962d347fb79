import { z } from 'zod'
import { type Agent, agentSpec, agentStatus } from '../../../crds/v1alpha1/agent.ts'
import { objectName, time } from '../../../crds/v1alpha1/common.ts'
import { readList } from '../cache/read.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { namespaceName, projectParams } from '../http/params.ts'
import { pageQuery } from '../lists/list.ts'
import { component } from '../openapi/components.ts'

const spec = agentSpec.shape
const model = spec.model.shape

/** An Agent as the REST API shows it: what it is and what it may call, not how it is wired. */
export const agentItem = component(
  'Agent',
  z.object({
    name: objectName.describe('Name of the agent.'),
    uid: z.string().describe('UID of the Agent.'),
    project: namespaceName.describe('Its project.'),
    description: spec.description,
    model: z.object({ provider: model.provider, name: model.name }).describe('The model that it runs on.'),
    approval: spec.approval,
    tools: agentStatus.shape.tools.unwrap().describe('The tools that it may call, as they were pinned.'),
    ready: z.enum(['True', 'False', 'Unknown']).describe('Whether its runs may go on.'),
    reason: z.string().optional().describe('Why, as one word.'),
    detail: z.string().optional().describe('Why, for people.'),
    conditions: z
      .array(
        z.object({
          type: z.string().describe('Ready, Accepted, ToolsResolved or ToolsUnchanged.'),
          status: z.enum(['True', 'False', 'Unknown']),
          reason: z.string().describe('As one word.'),
          message: z.string().describe('For people.'),
        }),
      )
      .describe('What the operator found of the spec as it is now; empty until it has looked.'),
    toolsHash: agentStatus.shape.toolsHash,
    generation: z.int().optional().describe('Counts the changes of its spec.'),
    createdAt: time.describe('When it was created.'),
  }),
)
export type AgentItem = z.infer<typeof agentItem>

const agentList = component(
  'AgentList',
  z.object({ items: z.array(agentItem), continue: z.string().optional() }),
)

/** The item of an agent. */
export function itemOf({ metadata, spec, status }: Agent): AgentItem {
  // What was found of an earlier spec says nothing of this one.
  const seen = status?.observedGeneration
  const stale = seen !== undefined && seen !== metadata.generation
  const conditions = (stale ? undefined : status?.conditions) ?? []
  const ready = conditions.find(({ type }) => type === 'Ready')
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    project: metadata.namespace ?? '',
    description: spec.description,
    model: { provider: spec.model.provider, name: spec.model.name },
    approval: spec.approval,
    tools: status?.tools ?? [],
    ready: ready?.status ?? 'Unknown',
    reason: stale ? 'Pending' : ready?.reason,
    detail: stale ? 'the operator has not looked at the spec as it is now' : ready?.message,
    conditions: conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
    toolsHash: status?.toolsHash,
    generation: metadata.generation,
    createdAt: metadata.creationTimestamp ?? '',
  }
}

/** `.../agents`. */
export function agentRoutes(app: App, { cache }: Pick<Deps, 'cache'>): void {
  app.get(
    '/projects/:ns/agents',
    {
      schema: {
        summary: 'Agents of a project, newest first',
        params: projectParams,
        querystring: pageQuery,
        response: { 200: agentList },
      },
    },
    async request => {
      const { ns } = request.params
      return await readList(callerOf(request), cache.agents, ns, {}, request.query, agentOf, itemOf)
    },
  )
}

const agentOf = ({ metadata }: Agent): string => metadata.name
