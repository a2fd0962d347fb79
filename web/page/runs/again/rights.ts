import { useProject } from '../../live/project.ts'

/** What one may do with runs here; undefined where it is not known: then it is tried, and the gateway says. */
export interface RunRights {
  readonly startRuns?: boolean
  readonly setContext?: boolean
  readonly cancelRuns?: boolean
}

export function useRights(): RunRights {
  const { value } = useProject()
  return value?.you ?? {}
}
