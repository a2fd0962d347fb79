import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { CachedKind } from '../cache/kind.ts'
import type { Caller } from '../credentials.ts'

const atOnce = 16

/**
 * The Projects that the caller may see, sorted by namespace: of each a review says whether they may, as nobody without
 * rights in the whole cluster can list across namespaces. Throws the problem `Behind`.
 */
export async function visibleProjects(
  caller: Caller,
  projects: CachedKind<Project>,
): Promise<readonly Project[]> {
  const { plural: resource } = projects.resource
  const { project: only } = caller.scope
  const everywhere = await caller.may({ verb: 'get', resource })
  projects.checkLive()
  const sorted = [...projects.store.values()]
    .filter(({ metadata }) => only === undefined || metadata.namespace === only)
    .sort((a, b) => (namespaceOf(a) < namespaceOf(b) ? -1 : 1))
  if (everywhere) return sorted
  const visible = new Set<Project>()
  const queue = sorted.values()
  const worker = async () => {
    for (const project of queue) {
      const question = { verb: 'get', resource, namespace: namespaceOf(project), name: 'project' }
      if (await caller.may(question)) visible.add(project)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return sorted.filter(project => visible.has(project))
}

const namespaceOf = ({ metadata }: Project): string => metadata.namespace ?? ''
