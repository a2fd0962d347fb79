import { createHash } from 'node:crypto'
import type { Notifications, Project } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client, JsonPatchOp } from '../../../kube/client.ts'
import { isConflict } from '../../../kube/errors.ts'
import { canonicalize } from '../../../operator/policy/canonical.ts'
import { problem } from '../problems/problem.ts'

const maxAttempts = 5

/**
 * Puts these notifications in place of a Project's, as the person, and returns the Project. Nothing else of it is
 * touched, whatever others write meanwhile; `{}` takes the field away. `expected`: a tag that they must still have.
 * Throws the problem `Conflict`, or what the API server refused with.
 */
export async function writeNotifications(
  client: Client,
  namespace: string,
  notifications: Notifications,
  expected: string | undefined,
): Promise<Project> {
  const ref = { namespace, name: 'project' }
  for (let attempt = 1; ; attempt++) {
    const project = await client.get(projects, ref)
    if (expected !== undefined && expected !== tagOf(project)) throw problem('Conflict', {})
    const change = changeOf(project, notifications)
    const body: JsonPatchOp[] = [
      // The write is refused (409) if the Project is another by then: the tag was that of this one.
      { op: 'replace', path: '/metadata/resourceVersion', value: project.metadata.resourceVersion },
      ...(change === undefined ? [] : [change]),
    ]
    try {
      // Asked for also where nothing changes: whoever may not write is told so.
      return await client.patch(projects, ref, { type: 'json', body })
    } catch (error) {
      if (!isConflict(error) || attempt >= maxAttempts) throw error
    }
  }
}

function changeOf({ spec }: Project, notifications: Notifications): JsonPatchOp | undefined {
  const path = '/spec/notifications'
  if (Object.keys(notifications).length > 0) return { op: 'add', path, value: notifications }
  return spec.notifications === undefined ? undefined : { op: 'remove', path }
}

/** The notifications of a Project, as they are. */
export const notificationsOf = ({ spec }: Project): Notifications => spec.notifications ?? {}

/** Entity tag of the notifications alone: whatever else of the Project changes, it stays. */
export function tagOf(project: Project): string {
  const digest = createHash('sha256')
    .update(canonicalize(notificationsOf(project)))
    .digest('hex')
  return `"${digest.slice(0, 32)}"`
}
