import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { Person } from '../../requests/person.ts'
import { type Membership, membershipsOf, ownersOf } from '../../requests/project.ts'
import type { Rights } from './rights.ts'

/** What was read of the namespace's Project. */
export type ProjectSeen =
  | { readonly kind: 'Read'; readonly project: Project }
  /** There is none: the namespace is no project. */
  | { readonly kind: 'None' }
  /** The caller may not read it. */
  | { readonly kind: 'Hidden' }

/** Why somebody can have no API key, or that they can. */
export type Keys = 'Yes' | 'OnlyThroughGroup' | 'NotMember' | 'NotAPerson' | 'Unknown'

/** How a person stands in a namespace. */
export interface Standing {
  readonly person: Person
  readonly namespace: string
  readonly project: ProjectSeen['kind']
  readonly memberships: readonly Membership[]
  /** What RBAC lets them do; deciding is for people, whatever RBAC says. */
  readonly rights: Rights
  readonly keys: Keys
  /** Whom to ask, as far as that may be read. */
  readonly owners: readonly string[]
  /** The Project was changed and the operator has not made RBAC of it yet. */
  readonly behind: boolean
}

/** As the policies have it: system:admin is how some distributions name the person with the first certificate. */
export const isNoPerson = ({ name, groups }: Person): boolean =>
  groups.includes('system:serviceaccounts') || (name.startsWith('system:') && name !== 'system:admin')

/** Puts together what was read. `otherOwners`: those who are bound to the owner's role, where the Project is hidden. */
export function standingOf(
  person: Person,
  namespace: string,
  seen: ProjectSeen,
  rights: Rights,
  otherOwners: readonly string[] = [],
): Standing {
  const members = seen.kind === 'Read' ? seen.project.spec.members : []
  const memberships = membershipsOf(members, person)
  return {
    person,
    namespace,
    project: seen.kind,
    memberships,
    rights: { ...rights, decide: rights.decide && !isNoPerson(person) },
    keys: keysOf(person, seen, memberships),
    owners: seen.kind === 'Read' ? ownersOf(members) : otherOwners,
    behind:
      seen.kind === 'Read' &&
      (seen.project.status?.observedGeneration ?? 0) < (seen.project.metadata.generation ?? 0),
  }
}

function keysOf(person: Person, seen: ProjectSeen, memberships: readonly Membership[]): Keys {
  if (isNoPerson(person)) return 'NotAPerson'
  if (seen.kind === 'Hidden') return 'Unknown'
  if (memberships.length === 0) return 'NotMember'
  return memberships.some(({ through }) => 'user' in through) ? 'Yes' : 'OnlyThroughGroup'
}
