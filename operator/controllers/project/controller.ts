import { isDeepStrictEqual } from 'node:util'
import type { Project, Role } from '../../../crds/v1alpha1/project.ts'
import { roles } from '../../../crds/v1alpha1/project.ts'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { isNamespaceTerminating, isNotFound } from '../../../kube/errors.ts'
import type { Logger } from '../../../kube/logger.ts'
import type { Clock } from '../../../kube/types.ts'
import { type RoleBinding, roleBindings } from '../../rbac.ts'
import type { Cache, RecordEvent } from '../cache.ts'
import { findCondition } from '../conditions.ts'
import { ROLE_NAMES } from './bindings.ts'
import { type BindingWrite, decideBindings, type FoundBindings } from './decide.ts'
import { projectStatusOf } from './status.ts'

export interface ProjectControllerDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly event: RecordEvent
  readonly projects: Cache<Project>
  /** The RoleBindings named after a role, of all namespaces. */
  readonly bindings: Readonly<Record<Role, Cache<RoleBinding>>>
  /** Members of a namespace's project whom the gateway cannot act as; undefined where that is not known. */
  readonly leftOut: (namespace: string) => readonly string[] | undefined
}

/** Makes membership Kubernetes RBAC: the three RoleBindings of a project are what its spec.members says. */
export const reconcileProject = async (
  deps: ProjectControllerDeps,
  namespace: string,
  name: string,
): Promise<Record<never, never>> => {
  const project = deps.projects.find({ namespace, name })
  const writes = decideBindings(project, foundBindings(deps, namespace))
  // The watch of one kind may be behind that of another: a project that was just created is not gone.
  if (!project && writes.length > 0 && (await deps.client.find(projects, { namespace, name }))) return {}
  // All are tried: that one cannot be written must not keep another from losing somebody.
  const results = await Promise.allSettled(writes.map(write => perform(deps, namespace, project, write)))
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    if (isNamespaceTerminating(result.reason)) return {}
    throw result.reason
  }
  if (project && !project.metadata.deletionTimestamp) await writeStatus(deps, project)
  return {}
}

const foundBindings = (deps: ProjectControllerDeps, namespace: string): FoundBindings =>
  Object.fromEntries(
    roles.flatMap(role => {
      const binding = deps.bindings[role].find({ namespace, name: ROLE_NAMES[role] })
      return binding ? [[role, binding]] : []
    }),
  )

const perform = async (
  deps: ProjectControllerDeps,
  namespace: string,
  project: Project | undefined,
  write: BindingWrite,
): Promise<void> => {
  const { client } = deps
  const { name } = (write.do === 'Create' || write.do === 'Update' ? write.binding : write.found).metadata
  const cache = deps.bindings[roles.find(role => ROLE_NAMES[role] === name) ?? 'Member']
  if (write.do === 'Update') cache.wrote(await client.replace(roleBindings, write.binding))
  if (write.do === 'Delete' || write.do === 'Replace') {
    const { uid } = write.found.metadata
    await client
      .delete(roleBindings, { namespace, name }, uid === undefined ? {} : { uid })
      .catch(ignoreNotFound)
    cache.deleted(write.found)
  }
  if (write.do === 'Create' || (write.do === 'Replace' && write.binding)) {
    // One that is there already is in a cache of ours soon, and with it we look again.
    cache.wrote(await client.create(roleBindings, write.binding as RoleBinding))
  }
  const news = write.do === 'Delete' ? undefined : write.news
  deps.log.info({ namespace, name, write: write.do, reason: news?.reason }, 'binding written')
  if (project && news) deps.event(project, { ...news, action: 'Bind' })
}

const ignoreNotFound = (error: unknown): void => {
  if (!isNotFound(error)) throw error
}

/** Written after the bindings stand, so that observedGeneration says: these members have these rights. */
const writeStatus = async (deps: ProjectControllerDeps, project: Project): Promise<void> => {
  const { namespace = '', name } = project.metadata
  const status = projectStatusOf(
    { project, leftOut: deps.leftOut(namespace) },
    new Date(deps.clock.now()).toISOString(),
  )
  if (isDeepStrictEqual(status, project.status)) return
  const written = await deps.client.replace(projects, { ...project, status }, { subresource: 'status' })
  deps.projects.wrote(written)
  for (const type of ['Accepted', 'GatewayActs']) {
    const condition = findCondition(status.conditions, type)
    const before = findCondition(project.status?.conditions, type)
    if (!condition || condition.status === (before?.status ?? 'True')) continue
    deps.log.info({ namespace, name, type, reason: condition.reason }, 'project changed a condition')
    deps.event(project, {
      type: condition.status === 'True' ? 'Normal' : 'Warning',
      reason: condition.reason,
      action: 'Check',
      note: condition.message,
    })
  }
}
