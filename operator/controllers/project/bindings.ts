import { isDeepStrictEqual } from 'node:util'
import { API_VERSION } from '../../../crds/v1alpha1/meta.ts'
import type { Member, Project, Role } from '../../../crds/v1alpha1/project.ts'
import { roles } from '../../../crds/v1alpha1/project.ts'
import { RBAC_GROUP, type RoleBinding, type Subject } from '../../rbac.ts'

/** Names of the RoleBindings of a project, which are those of the ClusterRoles that they bind. */
export const ROLE_NAMES = {
  Owner: 'countersign-owner',
  Admin: 'countersign-admin',
  Member: 'countersign-member',
} as const satisfies Record<Role, string>
export type BindingName = (typeof ROLE_NAMES)[Role]

export const bindingNames: readonly BindingName[] = roles.map(role => ROLE_NAMES[role])

/** On a RoleBinding: the operator made it, or took it over. */
const MANAGED_BY = 'app.kubernetes.io/managed-by'
const OPERATOR_NAME = 'countersign-operator'

/**
 * Whether a name may be given rights. The schema refuses names of the system and the star already; were one in a
 * Project all the same, the policies on bindings and on whom the gateway may act as would refuse the whole object, and
 * with it the removal of everybody else, of other projects too.
 */
export const isPerson = (name: string): boolean => name !== '' && name !== '*' && !name.startsWith('system:')

/** The user or group that a member names, as RBAC knows it. */
const subjectOf = (member: Member): Subject | undefined => {
  const kind = member.user === undefined ? 'Group' : 'User'
  const name = member.user ?? member.group ?? ''
  return isPerson(name) ? { apiGroup: RBAC_GROUP, kind, name } : undefined
}

/** Those who hold a role by spec.members; users first, each kind by name, so that the order in the spec says nothing. */
export const subjectsFor = (members: readonly Member[], role: Role): Subject[] =>
  members
    .filter(member => member.role === role)
    .flatMap(member => subjectOf(member) ?? [])
    .sort((a, b) => (a.kind === b.kind ? (a.name < b.name ? -1 : 1) : a.kind === 'User' ? -1 : 1))

/** The RoleBinding of a role as it has to be. */
export const wantedBinding = (project: Project, role: Role): RoleBinding => ({
  apiVersion: `${RBAC_GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: {
    name: ROLE_NAMES[role],
    ...(project.metadata.namespace === undefined ? {} : { namespace: project.metadata.namespace }),
    labels: { [MANAGED_BY]: OPERATOR_NAME },
    ownerReferences: [
      {
        apiVersion: API_VERSION,
        kind: 'Project',
        name: project.metadata.name,
        uid: project.metadata.uid ?? '',
        controller: true,
        blockOwnerDeletion: false,
      },
    ],
  },
  roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: ROLE_NAMES[role] },
  subjects: subjectsFor(project.spec.members, role),
})

/** Whether the operator made a RoleBinding: those of others are taken over by a Project, but not deleted without one. */
export const isOurs = (binding: RoleBinding): boolean =>
  binding.metadata.labels?.[MANAGED_BY] === OPERATOR_NAME

/** Whether a RoleBinding is as it has to be. Labels and annotations of others on it do no harm. */
export const isAsWanted = (found: RoleBinding, wanted: RoleBinding): boolean =>
  isOurs(found) &&
  isDeepStrictEqual(found.metadata.ownerReferences ?? [], wanted.metadata.ownerReferences) &&
  isDeepStrictEqual(found.subjects ?? [], wanted.subjects)

/** `found` with everything put right that can be changed in a RoleBinding (its roleRef cannot). */
export const putRight = (found: RoleBinding, wanted: RoleBinding): RoleBinding => ({
  ...found,
  apiVersion: `${RBAC_GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: {
    ...found.metadata,
    labels: { ...found.metadata.labels, ...wanted.metadata.labels },
    ...(wanted.metadata.ownerReferences === undefined
      ? {}
      : { ownerReferences: wanted.metadata.ownerReferences }),
  },
  roleRef: wanted.roleRef,
  subjects: wanted.subjects ?? [],
})
