import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { agentRuns, agents } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { type Desk, inputOf } from './desk.ts'
import { type PlotName, plotOf } from './plots.ts'

/**
 * Creates the agent of a plot. @param name goes into the addresses of its model and its tools as well, so that whatever it
 * sends there names it
 */
export const createAgent = async (
  client: Client,
  namespace: string,
  name: string,
  plot: PlotName,
  desk: Desk,
): Promise<void> => {
  const { approval } = plotOf(plot)
  await client.create(agents, {
    metadata: { name, namespace },
    spec: {
      model: { provider: 'OpenAICompatible', name: 'scripted', baseURL: `${desk.model.url}/${name}` },
      toolsets: [{ name: 'desk', mcp: { url: `${desk.tools.url}/${name}` } }],
      ...(approval ? { approval } : {}),
    },
  } as unknown as Agent)
}

/** Creates a run of a plot. */
export const createRun = async (
  client: Client,
  namespace: string,
  name: string,
  agent: string,
  plot: PlotName,
): Promise<void> => {
  const spec = { agentRef: { name: agent }, input: inputOf(plot, name) }
  await client.create(agentRuns, { metadata: { name, namespace }, spec } as AgentRun)
}
