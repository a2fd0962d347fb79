import type { Project } from '../../api/types.ts'
import { useProject } from '../../live/project.ts'

/** What one may do with runs here; undefined where it is not known: then it is tried, and the gateway says. */
export function useRights(): Partial<Project['you']> {
  return useProject().value?.you ?? {}
}
