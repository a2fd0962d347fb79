import type { Agent } from '../crds/v1alpha1/agent.ts'
import type { Project } from '../crds/v1alpha1/project.ts'
import { agents, projects } from '../crds/v1alpha1/resources.ts'
import type { Client } from '../kube/client.ts'
import { type Controller, controller } from '../kube/controller.ts'
import { keyOf, namespaceOfKey } from '../kube/keys.ts'
import type { Logger } from '../kube/logger.ts'
import type { PromMetrics } from '../kube/prom-metrics.ts'
import type { Store } from '../kube/store.ts'
import type { Clock, KubeObject, Resource } from '../kube/types.ts'
import { WorkQueue } from '../kube/workqueue.ts'
import type { AuditWriter } from './audit/writer.ts'
import { createChanges, HISTORY } from './controllers/changes/controller.ts'
import { AGENT_CHANGES, type Changed, type Current, PROJECT_CHANGES } from './controllers/changes/decide.ts'

export interface ChangeRecordersDeps {
  readonly client: Client
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: AuditWriter
  readonly runtimeMetrics: PromMetrics
  readonly watchNamespace?: string
  readonly agents: Store<Agent>
  readonly projects: Store<Project>
  /** Milliseconds before another try of what failed. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number }
}

/** What records that agents and projects are made, changed and deleted. */
export interface ChangeRecorders {
  /** `caches`: what must be filled before these may work. */
  controllers(caches: readonly { synced(): Promise<void> }[]): readonly Controller[]
  /** Begins to look at what changes; returns what ends it. */
  subscribe(): readonly (() => void)[]
}

export const createChangeRecorders = (deps: ChangeRecordersDeps): ChangeRecorders => {
  const recorder = <T extends KubeObject & Current>(
    name: string,
    kind: Changed,
    resource: Resource<T>,
    objects: Store<T>,
  ) => {
    const queue = new WorkQueue({
      clock: deps.clock,
      backoff: deps.backoff,
      groupOf: namespaceOfKey,
      metrics: deps.runtimeMetrics.queue(name),
    })
    const changes = createChanges({ ...deps, kind, resource, objects, lookAt: key => queue.add(key) })
    return {
      controller: (caches: readonly { synced(): Promise<void> }[]) =>
        controller({
          name,
          queue,
          reconcile: (_key, { ref }) => changes.reconcile(ref.namespace ?? '', ref.name),
          concurrency: 4,
          caches,
          logger: deps.logger,
          metrics: deps.runtimeMetrics.controller(name),
          clock: deps.clock,
        }),
      subscribe: () => {
        // Where nothing is left, nothing else would ask what the records tell of.
        queue.add(keyOf({ name: HISTORY }))
        return objects.subscribe(({ key }) => queue.add(key))
      },
    }
  }
  const recorders = [
    recorder('agent-changes', AGENT_CHANGES, agents, deps.agents),
    recorder('project-changes', PROJECT_CHANGES, projects, deps.projects),
  ]
  return {
    controllers: caches => recorders.map(one => one.controller(caches)),
    subscribe: () => recorders.map(one => one.subscribe()),
  }
}
