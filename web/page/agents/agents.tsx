import { Badge } from '@mantine/core'
import type { Agent, Page } from '../api/types.ts'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'
import { Said } from '../text/text.tsx'
import './agents.css'

/** Agents: whether they are ready and what is wrong, and which of their tools wait for a person. */
export function AgentsPage() {
  const { api, project } = useHere()
  const { changes } = useSnapshot()
  const { value, error } = useLoaded(
    signal => api.get<Page<Agent>>(`/projects/${project}/agents`, { limit: 500 }, signal),
    project,
    changes,
  )
  return (
    <section className="page">
      <div className="page-head">
        <h1>Agents</h1>
      </div>
      {error !== undefined && <p className="trouble">{error.message}</p>}
      {value?.items.length === 0 && (
        <p className="faint">No agent is here. kubectl apply one: examples/shop has some.</p>
      )}
      <div className="agents">
        {value?.items.map(agent => (
          <AgentCard key={agent.uid} agent={agent} />
        ))}
      </div>
    </section>
  )
}

const readiness = {
  True: ['teal', 'Ready'],
  False: ['red', 'Not ready'],
  Unknown: ['gray', 'Not looked at yet'],
} as const

function AgentCard({ agent }: { agent: Agent }) {
  const { name, description, model, ready, detail, tools, approval } = agent
  const [color, words] = readiness[ready]
  return (
    <article className="agent">
      <header>
        <h2>{name}</h2>
        <Badge color={color} variant="light">
          {words}
        </Badge>
      </header>
      {description !== undefined && (
        <p>
          <Said text={description} />
        </p>
      )}
      <p className="faint">
        {model.provider} · {model.name}
      </p>
      {ready !== 'True' && detail !== undefined && (
        <p className="trouble">
          <Said text={detail} />
        </p>
      )}
      <ul className="tools">
        {tools.map(tool => (
          <li key={tool.name} data-gate={tool.gate}>
            <code>
              <Said text={tool.name} />
            </code>
            <span className="faint">{gateWords(tool.name, tool.gate, approval)}</span>
          </li>
        ))}
      </ul>
      {tools.length === 0 && <p className="faint">It has no tools.</p>}
    </article>
  )
}

/** How the calls of a tool are stopped: with the agent's own condition, where there is just one. */
function gateWords(tool: string, gate: string, approval: Agent['approval']) {
  if (gate === 'None') return 'runs by itself'
  if (gate === 'Always') return 'always waits for a person'
  const conditions = (approval?.tools ?? []).flatMap(({ name, when }) =>
    when !== undefined && (name === tool || (name.endsWith('*') && tool.startsWith(name.slice(0, -1))))
      ? [when]
      : [],
  )
  return conditions.length === 0 ? (
    'waits under a condition of the project'
  ) : (
    <>
      waits if <Said text={conditions.join(' or ')} />
    </>
  )
}
