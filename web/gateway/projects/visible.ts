import { projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { KubeObject } from '../../../kube/types.ts'

const atOnce = 16

/**
 * The Projects that the caller may see, sorted by namespace. `own` (the gateway's ServiceAccount) knows where there are
 * Projects; for each the caller's own access review says whether they may read it, as nobody without rights in the
 * whole cluster can list across namespaces.
 */
export async function visibleProjects(own: Client, caller: Client): Promise<readonly KubeObject[]> {
  // The caller's first answer comes before anything is read for them: a bad token ends it.
  const everywhere = await mayRead(caller, undefined)
  const { items } = await own.listMetadata(projects)
  const sorted = items.toSorted((a, b) =>
    (a.metadata.namespace ?? '') < (b.metadata.namespace ?? '') ? -1 : 1,
  )
  if (everywhere) return sorted
  const visible = new Set<KubeObject>()
  const queue = sorted.values()
  const worker = async () => {
    for (const project of queue) {
      if (await mayRead(caller, project.metadata.namespace)) visible.add(project)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return sorted.filter(project => visible.has(project))
}

/** The caller's own question to the API server: may I read the Project here (or everywhere)? */
async function mayRead(caller: Client, namespace: string | undefined): Promise<boolean> {
  const answer = (await caller.raw({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          verb: 'get',
          group: projects.group,
          resource: projects.plural,
          ...(namespace === undefined ? {} : { namespace, name: 'project' }),
        },
      },
    },
  })) as { status?: { allowed?: boolean } }
  return answer.status?.allowed === true
}
