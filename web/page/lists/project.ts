import { useEffect, useState } from 'react'
import type { ProjectItem } from '../../gateway/projects/project.ts'
import { useHere, useLoaded } from '../live/hooks.ts'

export type ProjectFacts = Pick<ProjectItem, 'approval' | 'you'>

/** Of a change of the project itself no event tells, but the log tells of it, as of all that happens: so seldom it is asked. */
const REST_MS = 2000

/** The project's gates and what one may do in it, as they are; undefined until they have been read. */
export function useProjectFacts(): { facts: ProjectFacts | undefined; error: Error | undefined } {
  const { api, project, feed } = useHere()
  const [again, setAgain] = useState(0)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const deaf = feed.onEvent(({ type }) => {
      if (type !== 'AuditAppended' && type !== 'Reset') return
      timer ??= setTimeout(() => {
        timer = undefined
        setAgain(count => count + 1)
      }, REST_MS)
    })
    return () => {
      deaf()
      clearTimeout(timer)
    }
  }, [feed])
  const { value, error } = useLoaded(
    signal => api.get<ProjectFacts>(`/projects/${project}`, {}, signal),
    project,
    again,
  )
  return { facts: value, error }
}
