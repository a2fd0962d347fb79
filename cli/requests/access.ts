import { GROUP } from '../../crds/v1alpha1/meta.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'

const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** The parts of RBAC that tell who holds a verb. */
interface Rule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs?: readonly string[]
}
interface Subject {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}
export interface RbacObject {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly rules?: readonly Rule[] | null
  readonly subjects?: readonly Subject[]
  readonly roleRef?: { readonly kind: string; readonly name: string }
}

/** A person or group that may decide, and what says so: a binding, or a role in the Project. */
export interface Approver {
  readonly kind: 'User' | 'Group'
  readonly name: string
  readonly from: string
}

const matches = (list: readonly string[] | undefined, wanted: string): boolean =>
  (list ?? []).some(entry => entry === '*' || entry === wanted)

const grants = (rule: Rule, verb: string, resource: string, name: string): boolean =>
  matches(rule.apiGroups, GROUP) &&
  (matches(rule.resources, resource) ||
    // `*/status` is the status of everything.
    (resource.endsWith('/status') && (rule.resources ?? []).includes('*/status'))) &&
  matches(rule.verbs, verb) &&
  ((rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(name))

const keyOf = (kind: string, name: string): string => `${kind}/${name}`
const subjectKey = (subject: Subject): string => keyOf(subject.kind, subject.name)

/**
 * The people and groups whom RBAC lets decide the request `name`: those that hold both the verb `approve` and `patch`
 * on its status, be it by several bindings. ServiceAccounts are left out, as they never decide. `objects` are the
 * Roles and RoleBindings of one namespace and the ClusterRoles and ClusterRoleBindings.
 */
export function approversOf(objects: readonly RbacObject[], name: string): Approver[] {
  const roles = new Map(objects.map(object => [keyOf(object.kind, object.metadata.name), object.rules ?? []]))
  const bindings = objects.filter(object => object.roleRef !== undefined)
  const holders = (verb: string, resource: string): Map<string, Approver> => {
    const held = new Map<string, Approver>()
    for (const binding of bindings) {
      const rules = roles.get(keyOf(binding.roleRef?.kind ?? '', binding.roleRef?.name ?? '')) ?? []
      if (!rules.some(rule => grants(rule, verb, resource, name))) continue
      for (const subject of binding.subjects ?? []) {
        if (subject.kind !== 'User' && subject.kind !== 'Group') continue
        const source = `${binding.kind} ${binding.metadata.name}`
        if (!held.has(subjectKey(subject))) {
          held.set(subjectKey(subject), { kind: subject.kind, name: subject.name, from: source })
        }
      }
    }
    return held
  }
  const mayPatch = holders('patch', 'approvalrequests/status')
  return (
    [...holders('approve', 'approvalrequests')]
      .filter(([key]) => mayPatch.has(key))
      .map(([, approver]) => approver)
      // People before groups, by name.
      .sort((a, b) => b.kind.localeCompare(a.kind) || a.name.localeCompare(b.name))
  )
}

interface ProjectObject {
  readonly spec?: {
    readonly members?: readonly { readonly user?: string; readonly group?: string; readonly role: string }[]
  }
}

/** The members of a Project: all of its roles may decide. */
export const membersOf = (project: ProjectObject): Approver[] =>
  (project.spec?.members ?? []).map(({ user, group, role }) => ({
    kind: user === undefined ? 'Group' : 'User',
    name: user ?? group ?? '',
    from: `${role} of the project`,
  }))

/** What of RBAC bears on one namespace, and whether all of it could be read. */
export interface Rbac {
  readonly objects: readonly RbacObject[]
  readonly whole: boolean
}

const RBAC_KINDS = ['rolebindings', 'roles', 'clusterrolebindings', 'clusterroles']
  .map(kind => `${kind}.${RBAC_GROUP}`)
  .join(',')

/** Reads the roles and bindings of a namespace and of the cluster, as far as the caller may. */
export async function readRbac(kubectl: Kubectl, namespace: string): Promise<Rbac> {
  const answer = await kubectl(['get', RBAC_KINDS, '-o=json', `--namespace=${namespace}`], { silent: true })
  // What could be read is on standard output even where some of it was refused.
  const list = json<{ readonly items?: readonly RbacObject[] }>(answer.stdout)
  return { objects: list?.items ?? [], whole: answer.code === 0 && list !== undefined }
}

function json<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/**
 * Who may decide, as far as the caller may read it: from RBAC, which is what counts, or from the Project, out of which
 * the operator makes it and which every member may read. Empty when neither may be read.
 */
export async function readApprovers(kubectl: Kubectl, namespace: string, name: string): Promise<Approver[]> {
  const what = [`projects.${GROUP}`, 'project', '--ignore-not-found', '-o=json', `--namespace=${namespace}`]
  const [rbac, project] = await Promise.all([
    readRbac(kubectl, namespace),
    kubectl(['get', ...what], { silent: true }),
  ])
  const approvers = approversOf(rbac.objects, name)
  return approvers.length > 0 ? approvers : membersOf(json<ProjectObject>(project.stdout) ?? {})
}

/** Whether the caller holds what RBAC asks of a reviewer. */
export async function mayDecide(kubectl: Kubectl, namespace: string, name: string): Promise<boolean> {
  const may = async (...what: string[]): Promise<boolean> => {
    const answer = await kubectl(['auth', 'can-i', ...what, `--namespace=${namespace}`], { silent: true })
    return answer.stdout.trim() === 'yes'
  }
  const resource = `approvalrequests.${GROUP}/${name}`
  const [approve, patch] = await Promise.all([
    may('approve', resource),
    may('patch', resource, '--subresource=status'),
  ])
  return approve && patch
}
