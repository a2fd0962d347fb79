// What the API server itself says about somebody's right to decide.
import { randomUUID } from 'node:crypto'
import type { Client } from '../../kube/client.ts'
import type { KubeObject, Resource } from '../../kube/types.ts'
import { adminClient, eventually, isAllowed } from '../testing.ts'

/** Whether this person may decide in a namespace now, by the API server that is asked. */
export const mayDecide = (client: Client, namespace: string): Promise<boolean> =>
  isAllowed(client, { namespace, verb: 'approve', resource: 'approvalrequests' })

/** Waits until the API server has taken a change of RoleBindings up, which it does in its own time. */
export const untilMay = (client: Client, namespace: string, may: boolean, everyMs = 25): Promise<unknown> =>
  eventually(async () => (await mayDecide(client, namespace)) === may, { timeoutMs: 120_000, everyMs })

const GROUP = 'rbac.authorization.k8s.io'
const roleBindings: Resource<KubeObject & { roleRef: object; subjects: object[] }> = {
  group: GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
}

/** Binds somebody to the role of members; returns what takes it away again. */
export async function bindMember(namespace: string, user: string): Promise<() => Promise<void>> {
  const name = `member-${randomUUID()}`
  await adminClient().create(roleBindings, {
    metadata: { name, namespace },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'countersign-member' },
    subjects: [{ apiGroup: GROUP, kind: 'User', name: user }],
  })
  return async () => {
    await adminClient().delete(roleBindings, { namespace, name })
  }
}
