import { isDeepStrictEqual } from 'node:util'
import type { Project, Role } from '../../../crds/v1alpha1/project.ts'
import { roles } from '../../../crds/v1alpha1/project.ts'
import type { RoleBinding, Subject } from '../../rbac.ts'
import { isAsWanted, isOurs, putRight, ROLE_NAMES, wantedBinding } from './bindings.ts'

/** The RoleBindings of a namespace by the role that they are named after. */
export type FoundBindings = Readonly<Partial<Record<Role, RoleBinding>>>

/** What is news of a write, for the Event. */
export interface News {
  readonly type: 'Normal' | 'Warning'
  /** MembersChanged: as the spec says. BindingRestored: somebody else had changed it. BindingTakenOver: it was somebody else's. */
  readonly reason: 'MembersChanged' | 'BindingRestored' | 'BindingTakenOver'
  readonly note: string
}

/** One write that the RoleBinding of a role needs. */
export type BindingWrite =
  | { readonly do: 'Create'; readonly binding: RoleBinding; readonly news: News | undefined }
  | { readonly do: 'Update'; readonly binding: RoleBinding; readonly news: News | undefined }
  /** Its roleRef cannot be changed: it is deleted, and made anew where `binding` is given. */
  | {
      readonly do: 'Replace'
      readonly found: RoleBinding
      readonly binding: RoleBinding | undefined
      readonly news: News
    }
  | { readonly do: 'Delete'; readonly found: RoleBinding }

/**
 * The writes after which the RoleBindings are what the Project says. Pure.
 *
 * A project that is being deleted gets no binding any more (the garbage collector may be deleting them right now),
 * but nobody keeps a right in it that the spec does not give. Without a project, the bindings that were ours go.
 */
export const decideBindings = (project: Project | undefined, found: FoundBindings): BindingWrite[] => {
  if (!project) {
    return roles.flatMap(role => {
      const binding = found[role]
      return binding && isOurs(binding) ? { do: 'Delete' as const, found: binding } : []
    })
  }
  return roles.flatMap(role => decideOne(project, role, found[role]) ?? [])
}

const decideOne = (
  project: Project,
  role: Role,
  found: RoleBinding | undefined,
): BindingWrite | undefined => {
  const wanted = wantedBinding(project, role)
  const ending = project.metadata.deletionTimestamp !== undefined
  if (!found) {
    if (ending) return undefined
    return { do: 'Create', binding: wanted, news: newsOf(project, role, undefined, wanted) }
  }
  if (!isDeepStrictEqual(found.roleRef, wanted.roleRef)) {
    const { kind, name } = found.roleRef
    const note = `RoleBinding ${ROLE_NAMES[role]} bound ${kind} ${name} and was made anew for ${listed(wanted.subjects)}; it held ${listed(found.subjects)}`
    const news: News = {
      type: 'Warning',
      reason: isOurs(found) ? 'BindingRestored' : 'BindingTakenOver',
      note,
    }
    return { do: 'Replace', found, binding: ending ? undefined : wanted, news }
  }
  if (isAsWanted(found, wanted)) return undefined
  return { do: 'Update', binding: putRight(found, wanted), news: newsOf(project, role, found, wanted) }
}

/** Whether the spec is one that the bindings were written for before: then somebody else changed them. */
const wasBound = (project: Project): boolean =>
  project.status?.observedGeneration === project.metadata.generation

const newsOf = (
  project: Project,
  role: Role,
  found: RoleBinding | undefined,
  wanted: RoleBinding,
): News | undefined => {
  const name = ROLE_NAMES[role]
  if (found && !isOurs(found)) {
    return {
      type: 'Warning',
      reason: 'BindingTakenOver',
      note: `RoleBinding ${name} was there already and now follows spec.members: it held ${listed(found.subjects)}, it holds ${listed(wanted.subjects)}`,
    }
  }
  if (wasBound(project)) {
    const note = found
      ? `RoleBinding ${name} was changed and is again as spec.members says: ${listed(wanted.subjects)}; it held ${listed(found.subjects)}`
      : `RoleBinding ${name} was deleted and is there again: ${listed(wanted.subjects)}`
    return { type: 'Warning', reason: 'BindingRestored', note }
  }
  const came = without(wanted.subjects, found?.subjects)
  const went = without(found?.subjects, wanted.subjects)
  if (came.length + went.length === 0) return undefined
  const parts = [
    ...(came.length > 0 ? [`${listed(came)} came`] : []),
    ...(went.length > 0 ? [`${listed(went)} went`] : []),
  ]
  return { type: 'Normal', reason: 'MembersChanged', note: `${role}: ${parts.join('; ')}` }
}

type Subjects = readonly Subject[] | null | undefined

const without = (subjects: Subjects, others: Subjects): Subject[] =>
  (subjects ?? []).filter(
    one => !(others ?? []).some(({ kind, name }) => one.kind === kind && one.name === name),
  )

/** Names as people read them; an Event's note is cut where there are too many. */
const listed = (subjects: Subjects): string =>
  (subjects ?? []).length === 0
    ? 'nobody'
    : (subjects ?? []).map(({ kind, name }) => (kind === 'User' ? name : `${kind} ${name}`)).join(', ')
