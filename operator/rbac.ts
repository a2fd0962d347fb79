// The kinds of Kubernetes RBAC that the operator writes, as far as it reads and writes them.
import type { KubeObject, Resource } from '../kube/types.ts'

export const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** Name of the ClusterRole that says as whom the gateway may act. */
export const PEOPLE_ROLE = 'countersign-gateway-people'

export interface Subject {
  readonly kind: string
  readonly name: string
  readonly apiGroup?: string
  readonly namespace?: string
}

export interface RoleBinding extends KubeObject {
  readonly roleRef: { readonly apiGroup: string; readonly kind: string; readonly name: string }
  readonly subjects?: readonly Subject[] | null
}

export interface PolicyRule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface ClusterRole extends KubeObject {
  readonly rules?: readonly PolicyRule[] | null
}

const served = { group: RBAC_GROUP, version: 'v1' }
export const roleBindings: Resource<RoleBinding> = {
  ...served,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
}
export const clusterRoles: Resource<ClusterRole> = {
  ...served,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
}
