import type { Agent } from '../api/types.ts'

export interface FirstApproval {
  readonly agent: string
  readonly tool: string
  /** For a shell, wherever it stands: it needs no file. */
  readonly command: string
}

/** What the agent of examples/shop is asked there. */
const SHOP = { agent: 'order-manager', input: 'Refund order ORD-1287, it was charged twice.' }

/** What to type for a first approval: a run of an agent that is ready and has a gated tool. Each time it is another run. */
export function firstApproval(
  project: string,
  agents: readonly Pick<Agent, 'name' | 'ready' | 'tools'>[],
): FirstApproval | undefined {
  const gated = agents.flatMap(({ name, ready, tools }) => {
    const stopped = tools.filter(({ gate }) => gate !== 'None')
    const tool = stopped.find(({ name }) => /refund/.test(name)) ?? stopped[0]
    return ready === 'True' && tool !== undefined ? [{ agent: name, tool: tool.name }] : []
  })
  const found = gated.find(({ agent }) => agent === SHOP.agent) ?? gated[0]
  if (found === undefined) return undefined
  const input = found.agent === SHOP.agent ? SHOP.input : `Use ${found.tool}.`
  return {
    ...found,
    command: `kubectl create -n ${project} -f - <<'END'
apiVersion: countersign.dev/v1alpha1
kind: AgentRun
metadata: {generateName: first-}
spec: {agentRef: {name: ${found.agent}}, input: ${JSON.stringify(input)}}
END`,
  }
}
