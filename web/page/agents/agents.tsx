import type { Agent } from '../api/types.ts'
import { useFilters } from '../lists/filters.tsx'
import { PagedList } from '../lists/list.tsx'
import { type PagedOptions, usePaged } from '../live/paged.ts'
import { useProject } from '../live/project.ts'
import { usePlace } from '../router.ts'
import { AgentCard } from './card.tsx'
import './agents.css'

const list: Omit<PagedOptions<Agent>, 'filter'> = {
  path: 'agents',
  limit: 100,
  asked: () => ({}),
  compare: (a, b) => newer(a.createdAt, b.createdAt) || newer(a.name, b.name),
  concerns: ({ type }) => type === 'AgentChanged' || type === 'AgentDeleted',
  told: (event, agent) => (event.type === 'AgentDeleted' && event.name === agent.name ? undefined : agent),
}

/** As the gateway sorts. */
const newer = (a: string, b: string): number => (a === b ? 0 : a < b ? 1 : -1)

/** Agents: whether they are ready and what is wrong, which of their calls wait for people, and for whom how long. */
export function AgentsPage() {
  const { name } = usePlace()
  const filters = useFilters([])
  const { value: facts, error } = useProject()
  const paged = usePaged({ ...list, filter: filters.query })
  return (
    <section className="page">
      <div className="page-head">
        <h1>Agents</h1>
      </div>
      {facts === undefined && error !== undefined && (
        <p className="trouble" role="alert">
          The gates of the project cannot be read: {error.message} Of the gates below only those of the agents
          are told.
        </p>
      )}
      <PagedList
        paged={paged}
        filters={filters}
        what={['agent', 'agents']}
        empty="No agent is in this project yet. Apply one with kubectl: examples/shop has some."
      >
        {items => (
          <div className="agents">
            {items.map(agent => (
              <AgentCard
                key={agent.uid}
                agent={agent}
                projectGates={facts === undefined ? undefined : (facts.approval?.tools ?? [])}
                chosen={agent.name === name}
              />
            ))}
          </div>
        )}
      </PagedList>
    </section>
  )
}
