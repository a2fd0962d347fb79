import { randomBytes, randomUUID } from 'node:crypto'
import { Registry } from 'prom-client'
import type { Agent, AgentSpec } from '../../crds/v1alpha1/agent.ts'
import type { AgentRun, AgentRunSpec, Step } from '../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { AuditEntry } from '../../crds/v1alpha1/auditrecord.ts'
import { agentRuns, agents, approvalRequests, auditRecords } from '../../crds/v1alpha1/resources.ts'
import { adminClient, clientForServiceAccount, testNamespace, untilObject } from '../../hack/testing.ts'
import type { Client } from '../../kube/client.ts'
import { systemClock } from '../../kube/clock.ts'
import { silentLogger } from '../../kube/logger.ts'
import { promMetrics } from '../../kube/prom-metrics.ts'
import type { Clock } from '../../kube/types.ts'
import { createAuditWriter } from '../audit/writer.ts'
import type { SlotLimits } from '../controllers/agentrun/slots.ts'
import { hasEnded } from '../controllers/agentrun/status.ts'
import type { RecordEvent } from '../controllers/cache.ts'
import type { ImpersonationMode } from '../controllers/people/controller.ts'
import { createEgress } from '../egress/egress.ts'
import { createOperatorMetrics } from '../metrics.ts'
import { scriptedMailer, scriptedWebhooks } from '../notify/testing.ts'
import type { Mailer, WebhookSender } from '../notify/types.ts'
import { createOperator } from '../operator.ts'

export const SYSTEM = 'countersign-system'

/** A client with the operator's own rights. */
export const operatorClient = () => clientForServiceAccount(SYSTEM, 'countersign-operator')

export const redactionKey = randomBytes(32)

export interface RunningOperator {
  /** Stops it as SIGTERM would. */
  stop(): Promise<void>
}

export interface OperatorOptions {
  readonly trusted?: () => boolean
  /** Default: one with the operator's own rights. */
  readonly client?: Client
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default `off`: the operators of all tests would keep the one role that the gateway has. */
  readonly impersonation?: ImpersonationMode | 'off'
  /** Default: they take everything, and nothing leaves. */
  readonly mailer?: Mailer
  readonly webhooks?: WebhookSender
  /** Default: more than any test needs. */
  readonly limits?: SlotLimits
  /** Default 5000. */
  readonly modelTimeoutMs?: number
  /** Told of every Event. Default: nobody. */
  readonly event?: RecordEvent
}

/** An operator in this process that looks at one namespace, with the operator's rights, on the real API server. */
export const startOperator = (namespace: string, options: OperatorOptions = {}): RunningOperator => {
  const client = options.client ?? operatorClient()
  const clock = options.clock ?? systemClock
  const metrics = createOperatorMetrics()
  const egress = createEgress({ allowLoopback: true })
  const operator = createOperator({
    client,
    clock,
    logger: silentLogger,
    audit: createAuditWriter({ client, clock }),
    event: options.event ?? (() => {}),
    egress,
    metrics,
    runtimeMetrics: promMetrics(new Registry()),
    namespace: SYSTEM,
    impersonation: options.impersonation ?? 'off',
    redactionKey,
    executor: `test-${randomUUID()}`,
    modelTimeoutMs: options.modelTimeoutMs ?? 5_000,
    limits: options.limits ?? { perProject: 1000, perModel: 1000, perToolset: 1000 },
    mailer: options.mailer ?? scriptedMailer(),
    webhooks: options.webhooks ?? scriptedWebhooks(),
    pageURL: 'https://countersign.example.com',
    watchNamespace: namespace,
    trusted: options.trusted ?? (() => true),
  })
  const stop = new AbortController()
  const ended = Promise.all([operator.watch(stop.signal), operator.work(stop.signal)])
  return {
    stop: async () => {
      await operator.drain()
      stop.abort()
      await ended
      await egress.close()
    },
  }
}

/** Builds an Agent; `changes` are put over a plain one. */
export const anAgent = (
  namespace: string,
  model: string,
  changes: Partial<AgentSpec> & { name?: string } = {},
): Agent => {
  const { name = 'order-manager', ...spec } = changes
  return {
    apiVersion: 'countersign.dev/v1alpha1',
    kind: 'Agent',
    metadata: { name, namespace },
    spec: {
      model: { provider: 'OpenAICompatible', name: 'scripted', baseURL: model },
      toolsets: [],
      ...spec,
    } as AgentSpec,
  }
}

export const aRun = (namespace: string, name: string, spec: Partial<AgentRunSpec> = {}): AgentRun => ({
  apiVersion: 'countersign.dev/v1alpha1',
  kind: 'AgentRun',
  metadata: { name, namespace },
  spec: { agentRef: { name: 'order-manager' }, input: 'Do it.', ...spec } as AgentRunSpec,
})

/**
 * What a test does to one namespace and sees of it, as people and from the outside.
 * @param admin has every right; default: in the cluster that all test files share
 */
export const worldIn = (namespace: string, admin = adminClient()) => {
  const step = (run: AgentRun | undefined, id: string): Step | undefined =>
    run?.status?.steps?.find(one => one.id === id)
  return {
    namespace,
    step,
    createAgent: async (agent: Agent) => {
      await admin.create(agents, agent)
      return untilObject(agents, agent.metadata as never, found => readiness(found)?.status === 'True', {
        client: admin,
      })
    },
    createRun: (run: AgentRun) => admin.create(agentRuns, run),
    run: (name: string) => admin.get(agentRuns, { namespace, name }),
    request: (name: string) => admin.get(approvalRequests, { namespace, name }),
    untilRun: async (
      name: string,
      condition: (run: AgentRun) => boolean,
      timeoutMs = 60_000,
    ): Promise<AgentRun> =>
      (await untilObject(agentRuns, { namespace, name }, run => run !== undefined && condition(run), {
        timeoutMs,
        client: admin,
      })) as AgentRun,
    untilEnded: async (name: string, timeoutMs = 60_000): Promise<AgentRun> =>
      (await untilObject(agentRuns, { namespace, name }, run => run !== undefined && hasEnded(run), {
        timeoutMs,
        client: admin,
      })) as AgentRun,
    untilRequest: async (
      name: string,
      condition: (request: ApprovalRequest) => boolean = () => true,
      timeoutMs = 60_000,
    ): Promise<ApprovalRequest> =>
      (await untilObject(
        approvalRequests,
        { namespace, name },
        request => request !== undefined && condition(request),
        {
          timeoutMs,
          client: admin,
        },
      )) as ApprovalRequest,
    /** Decides as somebody who may. */
    decide: (name: string, verdict: 'Approve' | 'Reject', reason?: string, reviewer = 'reviewer@acme.com') =>
      admin.impersonate({ user: reviewer, groups: ['system:authenticated', 'system:masters'] }).patch(
        approvalRequests,
        { namespace, name },
        {
          type: 'json',
          body: [
            {
              op: 'add',
              path: '/status/decisions/-',
              value: { reviewer, verdict, ...(reason ? { reason } : {}), via: 'Token' },
            },
          ],
        },
        { subresource: 'status' },
      ),
    /** Every entry of the audit log, in order. */
    audit: async (): Promise<AuditEntry[]> => {
      const { items } = await admin.listAll(auditRecords, { namespace })
      return items.flatMap(({ spec }) => spec.entries).sort((a, b) => a.seq - b.seq)
    },
  }
}

export type World = ReturnType<typeof worldIn>

export const readiness = (agent: Agent | undefined) =>
  agent?.status?.conditions?.find(
    ({ type }) => type === 'Ready' && agent.status?.observedGeneration === agent.metadata.generation,
  )

/** A fresh namespace, with an operator of its own that can be stopped and started again. */
export const newWorld = async (
  prefix: string,
  options: OperatorOptions = {},
): Promise<World & { stop(): Promise<void>; restart(options?: OperatorOptions): void }> => {
  const namespace = await testNamespace(prefix)
  let operator = startOperator(namespace, options)
  return {
    ...worldIn(namespace),
    stop: () => operator.stop(),
    restart: (changed = options) => {
      operator = startOperator(namespace, changed)
    },
  }
}
