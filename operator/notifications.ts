import type { ApprovalRequest } from '../crds/v1alpha1/approvalrequest.ts'
import type { Project } from '../crds/v1alpha1/project.ts'
import type { Client } from '../kube/client.ts'
import { type Controller, controller } from '../kube/controller.ts'
import { keyOf, namespaceOfKey } from '../kube/keys.ts'
import type { Logger } from '../kube/logger.ts'
import type { PromMetrics } from '../kube/prom-metrics.ts'
import type { Store } from '../kube/store.ts'
import type { Clock, ObjectRef } from '../kube/types.ts'
import { WorkQueue } from '../kube/workqueue.ts'
import type { RecordEvent } from './controllers/cache.ts'
import type { OperatorMetrics } from './metrics.ts'
import { planNow, reconcileNotices } from './notify/controller.ts'
import { createOutbox } from './notify/outbox/outbox.ts'
import { createProjectNotify } from './notify/project/controller.ts'
import type { Mailer, WebhookSender } from './notify/types.ts'

export interface NotificationsDeps {
  readonly client: Client
  readonly clock: Clock
  readonly logger: Logger
  readonly event: RecordEvent
  readonly metrics: OperatorMetrics
  readonly runtimeMetrics: PromMetrics
  /** Indexed by `pendingIn`: the namespace of what is pending. */
  readonly requests: Store<ApprovalRequest>
  readonly projects: Store<Project>
  readonly mailer: Mailer
  readonly webhooks: WebhookSender
  /** Where the page is, for links; undefined: not known. */
  readonly pageURL: string | undefined
  /** Milliseconds before another try of what failed. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number }
}

/** What tells people of requests. Nothing waits for it: it has a queue and workers of its own, and sends beside them. */
export interface NotificationSenders {
  /** `caches`: what must be filled before these may work. */
  controllers(caches: readonly { synced(): Promise<void> }[]): readonly Controller[]
  /** Begins to look at what changes; returns what ends it. */
  subscribe(): readonly (() => void)[]
  /**
   * Starts nothing new, and stores what became of the messages that are under way, so that the next process does not
   * send them again. A receiver that hangs is waited for no longer than `PATIENCE_MS`.
   */
  drain(): Promise<void>
}

/** Milliseconds that messages under way are waited for when the process is to end. */
const PATIENCE_MS = 5000

const REQUESTS = 'notifications'
const PROJECTS = 'project-notifications'
const WORKERS = 4

export const createNotificationSenders = (deps: NotificationsDeps): NotificationSenders => {
  const { clock, requests, projects } = deps
  const queueOf = (name: string) =>
    new WorkQueue({
      clock,
      backoff: deps.backoff,
      groupOf: namespaceOfKey,
      metrics: deps.runtimeMetrics.queue(name),
    })
  const queue = queueOf(REQUESTS)
  const projectQueue = queueOf(PROJECTS)
  const outbox = createOutbox({
    clock,
    random: Math.random,
    mailer: deps.mailer,
    webhooks: deps.webhooks,
    pageURL: deps.pageURL,
    wanted: (ref, uid, told) => {
      const request = requests.find(ref)
      if (request?.metadata.uid !== uid) return 'Gone'
      const due = planNow({ clock, requests, projects, outbox }, request).due.find(
        one => one.event === told.event && one.channel === told.channel && one.target === told.target,
      )
      return due && { request, due }
    },
    wake: (key, ms) => queue.addAfter(key, ms),
    tried: ({ channel }, { state }) => deps.metrics.notifications.inc({ channel, state }),
  })
  deps.metrics.notificationsWaiting(() => outbox.waiting())
  let stopping = false
  const shared = { ...deps, outbox, stopping: () => stopping }
  const channels = createProjectNotify(deps)

  return {
    controllers: caches => {
      const common = { concurrency: WORKERS, caches, logger: deps.logger, clock }
      return [
        controller({
          ...common,
          name: REQUESTS,
          queue,
          reconcile: (_key, { ref }) => reconcileNotices(shared, ref.namespace ?? '', ref.name),
          metrics: deps.runtimeMetrics.controller(REQUESTS),
        }),
        controller({
          ...common,
          name: PROJECTS,
          queue: projectQueue,
          reconcile: (_key, { ref }) => channels.reconcile(ref.namespace ?? '', ref.name),
          metrics: deps.runtimeMetrics.controller(PROJECTS),
        }),
      ]
    },
    drain: async () => {
      stopping = true
      const limit = Promise.withResolvers<readonly ObjectRef[]>()
      const cancel = clock.after(PATIENCE_MS, () => limit.resolve([]))
      const unstored = await Promise.race([outbox.drain(), limit.promise])
      cancel()
      await Promise.allSettled(
        unstored.map(({ namespace = '', name }) => reconcileNotices(shared, namespace, name)),
      )
    },
    subscribe: () => {
      /** By project, the generation whose settings its pending requests were looked at with. */
      const looked = new Map<string, number | undefined>()
      return [
        requests.subscribe(({ key, type, object }) => {
          if (type === 'deleted') outbox.forget(object.metadata.uid ?? '')
          else queue.add(key)
        }),
        projects.subscribe(({ key, type, object }) => {
          const { namespace = '', generation } = object.metadata
          projectQueue.add(key)
          if (type !== 'deleted' && looked.get(key) === generation) return
          if (type === 'deleted') looked.delete(key)
          else looked.set(key, generation)
          for (const request of requests.byIndex('pendingIn', namespace)) queue.add(keyOf(request.metadata))
        }),
        () => outbox.stop(),
      ]
    },
  }
}
