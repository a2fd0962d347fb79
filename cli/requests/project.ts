import { GROUP } from '../../crds/v1alpha1/meta.ts'
import type { Member, Project, Role } from '../../crds/v1alpha1/project.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import type { Person } from './person.ts'
import { decode, ok, type Result } from './read.ts'

/** The Project of a namespace; undefined when there is none. */
export async function readProject(kubectl: Kubectl, namespace: string): Promise<Result<Project | undefined>> {
  const what = [`projects.${GROUP}`, 'project', '--ignore-not-found', '-o=json', `--namespace=${namespace}`]
  const answer = await kubectl(['get', ...what], { silent: true })
  return answer.code === 0 && answer.stdout.trim() === '' ? ok(undefined) : decode<Project>(answer)
}

/** A role that a person has in a project, and the entry of `spec.members` that gives it. */
export interface Membership {
  readonly role: Role
  readonly through: { readonly user: string } | { readonly group: string }
}

const ORDER: readonly Role[] = ['Owner', 'Admin', 'Member']

/** The roles of this person, the highest first; named as a user before named through a group. */
export const membershipsOf = (members: readonly Member[], person: Person): Membership[] =>
  members
    .flatMap(({ user, group, role }): Membership[] => {
      if (user !== undefined && user === person.name) return [{ role, through: { user } }]
      return group !== undefined && person.groups.includes(group) ? [{ role, through: { group } }] : []
    })
    .sort(
      (a, b) =>
        ORDER.indexOf(a.role) - ORDER.indexOf(b.role) ||
        Number('group' in a.through) - Number('group' in b.through),
    )

/** Names of those who own the project: people, then groups as `the group x`. */
export const ownersOf = (members: readonly Member[]): string[] => {
  const owners = members.filter(member => member.role === 'Owner')
  return [
    ...owners.flatMap(({ user }) => (user === undefined ? [] : [user])),
    ...owners.flatMap(({ group }) => (group === undefined ? [] : [`the group ${group}`])),
  ]
}
