import type { Agent } from '../api/types.ts'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'

/** What these lists need of `GET /projects/{ns}`: whose gates join those of each agent, and what one may do here. */
export interface ProjectFacts {
  readonly approval?: { readonly tools?: NonNullable<Agent['approval']>['tools'] } | undefined
  readonly you: { readonly startRuns: boolean; readonly setContext: boolean }
}

/** The project as it is; undefined until it has been read. */
export function useProjectFacts(): { facts: ProjectFacts | undefined; error: Error | undefined } {
  const { api, project } = useHere()
  // A change of the project's gates changes its agents, which is an event.
  const { changes } = useSnapshot()
  const { value, error } = useLoaded(
    signal => api.get<ProjectFacts>(`/projects/${project}`, {}, signal),
    project,
    changes,
  )
  return { facts: value, error }
}
