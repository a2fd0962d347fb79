import type { Agent, Page } from '../api/types.ts'
import { useHere, useLoaded } from '../live/hooks.ts'
import { useProject } from '../live/project.ts'

/** Names that a filter may be meant to say. */
export interface Suggestions {
  readonly agents: readonly string[]
  readonly tools: readonly string[]
  readonly people: readonly string[]
}

/** The project's agents, their tools, and its members. Where they cannot be read nothing is suggested: names can be written. */
export function useSuggestions(): Suggestions {
  const { api, project } = useHere()
  const { value: facts } = useProject()
  const { value } = useLoaded(
    signal => api.get<Page<Agent>>(`/projects/${project}/agents`, { limit: 500 }, signal),
    project,
    0,
  )
  const agents = value?.items ?? []
  return {
    agents: agents.map(({ name }) => name).sort(),
    tools: [...new Set(agents.flatMap(({ tools }) => tools.map(({ name }) => name)))].sort(),
    people: (facts?.members ?? []).flatMap(({ user }) => (user === undefined ? [] : [user])).sort(),
  }
}
