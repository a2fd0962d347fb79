import type { Agent } from '../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../crds/v1alpha1/approvalrequest.ts'
import type { Project } from '../crds/v1alpha1/project.ts'
import { agentRuns, agents, approvalRequests, projects } from '../crds/v1alpha1/resources.ts'
import type { Client } from '../kube/client.ts'
import { type Controller, controller, type Requeue } from '../kube/controller.ts'
import { keyOf, namespaceOfKey } from '../kube/keys.ts'
import type { Logger } from '../kube/logger.ts'
import type { PromMetrics } from '../kube/prom-metrics.ts'
import { Reflector } from '../kube/reflector.ts'
import { Store, withoutManagedFields } from '../kube/store.ts'
import type { Clock, Key, KubeObject, Resource } from '../kube/types.ts'
import { WorkQueue } from '../kube/workqueue.ts'
import { askModel } from './agent/model/ask.ts'
import type { Egress, ModelRequest } from './agent/types.ts'
import type { AuditWriter } from './audit/writer.ts'
import { createChangeRecorders } from './changes.ts'
import { reconcileAgent } from './controllers/agent/controller.ts'
import { createRunController } from './controllers/agentrun/controller.ts'
import { createEffects } from './controllers/agentrun/effects.ts'
import { createSlots, type SlotLimits } from './controllers/agentrun/slots.ts'
import { hasEnded } from './controllers/agentrun/status.ts'
import { createTurns } from './controllers/agentrun/turns.ts'
import { reconcileRequest } from './controllers/approvalrequest/controller.ts'
import { requestedAt, type TerminalPhase } from './controllers/approvalrequest/settlement.ts'
import type { RecordEvent } from './controllers/cache.ts'
import type { ImpersonationMode } from './controllers/people/controller.ts'
import { createMembership } from './membership.ts'
import type { OperatorMetrics } from './metrics.ts'
import { createNotificationSenders } from './notifications.ts'
import type { Mailer, WebhookSender } from './notify/types.ts'
import { createGateBook } from './policy/gatebook.ts'
import { createToolbox } from './toolbox/toolbox.ts'

export interface OperatorDeps {
  readonly client: Client
  readonly clock: Clock
  readonly logger: Logger
  readonly audit: AuditWriter
  readonly event: RecordEvent
  readonly egress: Egress
  readonly metrics: OperatorMetrics
  readonly runtimeMetrics: PromMetrics
  readonly redactionKey: Buffer
  /** Unique for the life of this process. */
  readonly executor: string
  readonly modelTimeoutMs: number
  /** How much may be under way in the outside world at once. */
  readonly limits: SlotLimits
  /** Only this namespace is looked at; all of them when absent. */
  readonly watchNamespace?: string
  /** The operator's own namespace. */
  readonly namespace: string
  /** How the role of whom the gateway may act as is kept; `off`: another operator keeps it. */
  readonly impersonation: ImpersonationMode | 'off'
  readonly mailer: Mailer
  readonly webhooks: WebhookSender
  /** Where the page is, for links in messages; undefined: not known. */
  readonly pageURL: string | undefined
  /** Whether the policies were seen to refuse and this process leads: else nothing is settled or executed. */
  readonly trusted: () => boolean
}

export interface Operator {
  /** Keeps the caches: started before the process leads, so that it can take over at once. */
  watch(signal: AbortSignal): Promise<void>
  hasSynced(): boolean
  /** Reconciles until the signal aborts. */
  work(signal: AbortSignal): Promise<void>
  /** Starts nothing new; resolves when the tools under way have ended and their results are stored. */
  drain(): Promise<void>
}

/**
 * Keys looked at at once, by controller: most of the time goes into waiting for the API server. Where tool servers are
 * waited for as well there are enough that some which hang do not hold all of them.
 */
const WORKERS = { agent: 32, agentrun: 64, approvalrequest: 64 } as const
const BACKOFF = { baseMs: 50, maxMs: 30_000 } as const

/** Puts caches, queues and controllers together. */
export const createOperator = (deps: OperatorDeps): Operator => {
  const { client, clock, logger } = deps
  const store = <T extends KubeObject>(indexes: Record<string, (object: T) => readonly string[]>) =>
    new Store<T>({ indexes, transform: withoutManagedFields, clock, logger })
  const stores = {
    agents: store<Agent>({ namespace: byNamespace }),
    runs: store<AgentRun>({
      agent: run => [keyOf({ namespace: run.metadata.namespace ?? '', name: run.spec.agentRef.name })],
    }),
    requests: store<ApprovalRequest>({
      runUID: request => [request.spec.runRef.uid],
      pendingIn: ({ metadata, status }) => (status.phase === 'Pending' ? [metadata.namespace ?? ''] : []),
    }),
    projects: store<Project>({}),
  }
  const reflector = <T extends KubeObject>(resource: Resource<T>, sink: Store<T>) =>
    new Reflector<T>({
      client,
      resource,
      sink,
      clock,
      logger,
      ...(deps.watchNamespace === undefined ? {} : { namespace: deps.watchNamespace }),
    })
  const membership = createMembership({ ...deps, projects: stores.projects, backoff: BACKOFF })
  const changes = createChangeRecorders({
    ...deps,
    agents: stores.agents,
    projects: stores.projects,
    backoff: BACKOFF,
  })
  const notifications = createNotificationSenders({
    ...deps,
    requests: stores.requests,
    projects: stores.projects,
    backoff: BACKOFF,
  })
  const own = [
    reflector(agents, stores.agents),
    reflector(agentRuns, stores.runs),
    reflector(approvalRequests, stores.requests),
    reflector(projects, stores.projects),
  ]
  const reflectors = [...own, ...membership.reflectors]
  const queue = (name: string) =>
    new WorkQueue({
      clock,
      backoff: BACKOFF,
      groupOf: namespaceOfKey,
      metrics: deps.runtimeMetrics.queue(name),
    })
  const queues = {
    agent: queue('agent'),
    agentrun: queue('agentrun'),
    approvalrequest: queue('approvalrequest'),
  }

  const slots = createSlots(deps.limits)
  deps.metrics.slots(() => slots.counts())
  const effects = createEffects((runUID, id) => slots.give(runUID, id))
  const toolbox = createToolbox({ client, egress: deps.egress, clock })
  const gates = createGateBook()
  const turns = createTurns(client)
  let draining = false

  const settled = (phase: TerminalPhase, request: ApprovalRequest) => {
    deps.metrics.settled.inc({ phase })
    deps.metrics.waited.observe({ phase }, Math.max(0, (clock.now() - requestedAt(request)) / 1000))
  }
  const shared = { client, clock, log: logger, event: deps.event, toolbox, ...stores }
  const runs = createRunController({
    ...shared,
    audit: deps.audit,
    turns,
    effects,
    slots,
    limits: deps.limits,
    gates,
    egress: deps.egress,
    askModel: countedModel(deps.metrics),
    redactionKey: deps.redactionKey,
    executor: deps.executor,
    modelTimeoutMs: deps.modelTimeoutMs,
    trusted: deps.trusted,
    draining: () => draining,
    lookAtAgent: (namespace, name) => queues.agent.add(keyOf({ namespace, name })),
    wake: (namespace, name) => queues.agentrun.add(keyOf({ namespace, name })),
    settled,
  })

  const make = (
    name: keyof typeof queues,
    reconcile: (namespace: string, name: string) => Promise<Requeue>,
  ): Controller =>
    controller({
      name,
      queue: queues[name],
      reconcile: (_key, { ref }) => reconcile(ref.namespace ?? '', ref.name),
      concurrency: WORKERS[name],
      caches: own,
      logger,
      metrics: deps.runtimeMetrics.controller(name),
      clock,
    })
  const controllers = [
    make('agent', (namespace, name) => reconcileAgent(shared, namespace, name)),
    make('agentrun', (namespace, name) => runs.reconcile(namespace, name)),
    make('approvalrequest', (namespace, name) =>
      reconcileRequest({ ...shared, audit: deps.audit, trusted: deps.trusted, settled }, namespace, name),
    ),
    ...membership.controllers(own),
    ...changes.controllers(own),
    ...notifications.controllers(own),
  ]

  /** What there is when work begins is looked at after that to which something happens meanwhile. */
  let beginning = false
  const look = (name: keyof typeof queues, key: Key): void =>
    beginning ? queues[name].addLater(key) : queues[name].add(key)

  /** Which keys a change concerns. A look is level-based, so one too many costs little and one too few a stall. */
  const subscribe = (): (() => void)[] => [
    ...membership.subscribe(),
    ...changes.subscribe(),
    ...notifications.subscribe(),
    stores.agents.subscribe(({ key, type, object }) => {
      look('agent', key)
      if (type === 'deleted' && object.metadata.uid) toolbox.forget(object.metadata.uid)
      for (const run of stores.runs.byIndex('agent', key)) {
        if (!hasEnded(run)) look('agentrun', keyOf(run.metadata))
      }
    }),
    stores.projects.subscribe(({ object }) => {
      for (const agent of stores.agents.byIndex('namespace', object.metadata.namespace ?? '')) {
        look('agent', keyOf(agent.metadata))
      }
    }),
    stores.runs.subscribe(({ key, type, object }) => {
      look('agentrun', key)
      if (type !== 'deleted' && !hasEnded(object)) return
      for (const request of stores.requests.byIndex('runUID', object.metadata.uid ?? '')) {
        if (request.status.phase === 'Pending') look('approvalrequest', keyOf(request.metadata))
      }
    }),
    stores.requests.subscribe(({ key, object }) => {
      look('approvalrequest', key)
      look('agentrun', keyOf({ namespace: object.metadata.namespace ?? '', name: object.spec.runRef.name }))
    }),
  ]

  return {
    watch: async signal => {
      await Promise.all(reflectors.map(one => one.run(signal)))
    },
    hasSynced: () => reflectors.every(one => one.hasSynced),
    work: async signal => {
      await Promise.all(own.map(one => one.synced()))
      beginning = true
      const unsubscribe = subscribe()
      beginning = false
      await Promise.all(controllers.map(one => one.run(signal)))
      for (const end of unsubscribe) end()
      await toolbox.close()
    },
    drain: async () => {
      draining = true
      effects.abortModels()
      await Promise.all([effects.idle(), notifications.drain()])
    },
  }
}

const byNamespace = (object: KubeObject): string[] => [object.metadata.namespace ?? '']

const countedModel = (metrics: OperatorMetrics) => async (request: ModelRequest) => {
  try {
    const answer = await askModel(request)
    metrics.modelAnswers.inc({ outcome: 'answered' })
    return answer
  } catch (error) {
    metrics.modelAnswers.inc({ outcome: 'failed' })
    throw error
  }
}
