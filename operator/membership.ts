import type { APIKey } from '../crds/v1alpha1/apikey.ts'
import type { Project, Role } from '../crds/v1alpha1/project.ts'
import { roles } from '../crds/v1alpha1/project.ts'
import { apiKeys, projects } from '../crds/v1alpha1/resources.ts'
import type { Client } from '../kube/client.ts'
import { type Controller, controller, type Requeue } from '../kube/controller.ts'
import { keyOf, namespaceOfKey } from '../kube/keys.ts'
import type { Logger } from '../kube/logger.ts'
import type { PromMetrics } from '../kube/prom-metrics.ts'
import { Reflector, type ReflectorOptions } from '../kube/reflector.ts'
import { Store, withoutManagedFields } from '../kube/store.ts'
import type { Clock, KubeObject } from '../kube/types.ts'
import { WorkQueue } from '../kube/workqueue.ts'
import type { AuditWriter } from './audit/writer.ts'
import { reconcileKey } from './controllers/apikey/controller.ts'
import type { RecordEvent } from './controllers/cache.ts'
import { createPeopleController, type ImpersonationMode } from './controllers/people/controller.ts'
import { ROLE_NAMES } from './controllers/project/bindings.ts'
import { reconcileProject } from './controllers/project/controller.ts'
import { type ClusterRole, clusterRoles, PEOPLE_ROLE, type RoleBinding, roleBindings } from './rbac.ts'

export interface MembershipDeps {
  readonly client: Client
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: AuditWriter
  readonly event: RecordEvent
  readonly runtimeMetrics: PromMetrics
  /** The operator's own namespace, where API keys are. */
  readonly namespace: string
  /** Only the project of this namespace is looked at; all of them when absent. */
  readonly watchNamespace?: string
  /** How the ClusterRole of whom the gateway may act as is kept; `off`: somebody else keeps it. */
  readonly impersonation: ImpersonationMode | 'off'
  /** The projects that are looked at; kept by whoever calls. */
  readonly projects: Store<Project>
  /** Milliseconds before another try of what failed. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number }
}

/** What keeps people's rights as the Projects say: their bindings, the role of the gateway, and the API keys. */
export interface Membership {
  readonly reflectors: readonly Reflector<never>[]
  /** `caches`: what else must be filled before these may work. */
  controllers(caches: readonly { synced(): Promise<void> }[]): readonly Controller[]
  /** Begins to look at what changes; returns what ends it. */
  subscribe(): readonly (() => void)[]
}

const WORKERS = { project: 4, apikey: 8, people: 1 } as const
type Name = keyof typeof WORKERS

/** The one key of the queue of the gateway's role. */
const EVERYBODY = keyOf({ name: PEOPLE_ROLE })

export const createMembership = (deps: MembershipDeps): Membership => {
  const { client, clock, logger, projects: watched } = deps
  const store = <T extends KubeObject>(indexes: Record<string, (object: T) => readonly string[]> = {}) =>
    new Store<T>({ indexes, transform: withoutManagedFields, clock, logger })
  const bindings: Record<Role, Store<RoleBinding>> = { Owner: store(), Admin: store(), Member: store() }
  const keys = store<APIKey>({ project: key => [key.spec.project] })
  const gatewayRoles = store<ClusterRole>()
  const keepsPeople = deps.impersonation !== 'off'
  // The role is about the members of all projects, those that another operator looks after among them.
  const everyProject = keepsPeople && deps.watchNamespace !== undefined ? store<Project>() : watched

  const reflectors: Reflector<never>[] = []
  const reflect = <T extends KubeObject>(
    options: Pick<ReflectorOptions<T>, 'resource' | 'sink' | 'namespace' | 'fieldSelector'>,
  ) => void reflectors.push(new Reflector<T>({ ...options, client, clock, logger }) as Reflector<never>)
  const here = deps.watchNamespace === undefined ? {} : { namespace: deps.watchNamespace }
  // By name: the operator has no right to look at any other binding or role.
  for (const role of roles) {
    const fieldSelector = `metadata.name=${ROLE_NAMES[role]}`
    reflect({ resource: roleBindings, sink: bindings[role], fieldSelector, ...here })
  }
  reflect({ resource: apiKeys, sink: keys, namespace: deps.namespace })
  if (keepsPeople) {
    reflect({ resource: clusterRoles, sink: gatewayRoles, fieldSelector: `metadata.name=${PEOPLE_ROLE}` })
    if (everyProject !== watched) reflect({ resource: projects, sink: everyProject })
  }

  const queue = (name: Name) =>
    new WorkQueue({
      clock,
      backoff: deps.backoff,
      groupOf: namespaceOfKey,
      metrics: deps.runtimeMetrics.queue(name),
    })
  const queues = { project: queue('project'), apikey: queue('apikey'), people: queue('people') }
  const projectOf = (namespace: string) => keyOf({ namespace, name: 'project' })

  const people = createPeopleController({
    client,
    log: logger,
    mode: deps.impersonation === 'off' ? 'auto' : deps.impersonation,
    projects: everyProject,
    roles: gatewayRoles,
    changed: namespace => {
      if (watched.get(projectOf(namespace))) queues.project.add(projectOf(namespace))
    },
  })
  const shared = { client, clock, log: logger, event: deps.event, audit: deps.audit, projects: watched }
  const make = (
    name: Name,
    caches: readonly { synced(): Promise<void> }[],
    reconcile: (namespace: string, name: string) => Promise<Requeue>,
  ) =>
    controller({
      name,
      queue: queues[name],
      reconcile: (_key, { ref }) => reconcile(ref.namespace ?? '', ref.name),
      concurrency: WORKERS[name],
      caches: [...reflectors, ...caches],
      logger,
      metrics: deps.runtimeMetrics.controller(name),
      clock,
    })

  return {
    reflectors,
    controllers: caches => [
      make('project', caches, (namespace, name) =>
        reconcileProject({ ...shared, bindings, leftOut: people.leftOut }, namespace, name),
      ),
      make('apikey', caches, (namespace, name) =>
        reconcileKey(
          {
            ...shared,
            keys,
            ...(deps.watchNamespace === undefined ? {} : { watchNamespace: deps.watchNamespace }),
          },
          namespace,
          name,
        ),
      ),
      ...(keepsPeople ? [make('people', caches, () => people.reconcile())] : []),
    ],
    subscribe: () => {
      queues.people.add(EVERYBODY)
      return [
        everyProject.subscribe(change => {
          if (
            change.type !== 'updated' ||
            change.object.metadata.generation !== change.previous.metadata.generation
          ) {
            queues.people.add(EVERYBODY)
          }
        }),
        watched.subscribe(({ key, object }) => {
          queues.project.add(key)
          for (const one of keys.byIndex('project', object.metadata.namespace ?? '')) {
            queues.apikey.add(keyOf(one.metadata))
          }
        }),
        ...roles.map(role =>
          bindings[role].subscribe(({ object }) =>
            queues.project.add(projectOf(object.metadata.namespace ?? '')),
          ),
        ),
        gatewayRoles.subscribe(() => queues.people.add(EVERYBODY)),
        keys.subscribe(({ key }) => queues.apikey.add(key)),
      ]
    },
  }
}
