import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { pino } from 'pino'
import { systemClock } from '../kube/clock.ts'
import { loadConnection } from '../kube/config.ts'
import { logSafe } from '../kube/errors.ts'
import { EventRecorder } from '../kube/events.ts'
import { createClient } from '../kube/http-client.ts'
import { LeaderElector } from '../kube/leader.ts'
import { promMetrics } from '../kube/prom-metrics.ts'
import { createAuditWriter } from './audit/writer.ts'
import { createCanary } from './canary/canary.ts'
import { createEgress } from './egress/egress.ts'
import { webhookAddresses } from './egress/webhook-addresses.ts'
import { startHealthServer } from './health.ts'
import { createOperatorMetrics } from './metrics.ts'
import { createMailer } from './notify/mail/mailer.ts'
import { createWebhookSender } from './notify/webhook/sender.ts'
import { createOperator } from './operator.ts'
import { API_CONNECTIONS, type OperatorOptions, parseOptions } from './options.ts'
import { redactionKey } from './redaction-key.ts'
import { makeSessionKey } from './session-key.ts'

const CONTROLLER_NAME = 'countersign.dev/operator'

/** Runs the operator until it is asked to stop (true), or until another one leads (false). */
const run = async (options: OperatorOptions): Promise<boolean> => {
  const { instance } = options
  const identity = `${instance ?? hostname()}_${randomUUID()}`
  const logger = pino({
    level: options.logLevel,
    base: { process: identity },
    timestamp: pino.stdTimeFunctions.isoTime,
  })
  const metrics = createOperatorMetrics()
  const runtimeMetrics = promMetrics(metrics.registry)
  const connection = await loadConnection(
    options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig },
  )
  const client = createClient(connection, {
    fieldManager: 'countersign-operator',
    userAgent: 'countersign-operator',
    requestConnections: API_CONNECTIONS,
    onAnswer: runtimeMetrics.onAnswer,
  })
  const recorder = new EventRecorder({
    client,
    reportingController: CONTROLLER_NAME,
    reportingInstance: identity.slice(0, 128),
    logger,
    metrics: runtimeMetrics.events,
  })
  const egress = createEgress({ allowLoopback: options.allowLoopback })
  const audit = createAuditWriter({
    client,
    clock: systemClock,
    onRecord: record => {
      metrics.auditRecords.inc()
      metrics.auditEntries.inc(record.spec.entries.length)
    },
  })
  const mailer = createMailer({
    client,
    namespace: options.namespace,
    secretName: options.smtpSecret,
    clock: systemClock,
    logger,
  })
  const webhooks = createWebhookSender({
    client,
    egress: createEgress({
      allowLoopback: options.allowLoopback,
      rule: webhookAddresses({
        allowLoopback: options.allowLoopback,
        allowed: options.allowWebhookAddresses,
      }),
    }),
    clock: systemClock,
  })
  await makeSessionKey(client, options.namespace)
  const canary = createCanary({ client, namespace: options.namespace, clock: systemClock, logger, metrics })

  let elector: LeaderElector | undefined
  const leading = () => !options.leaderElection || elector?.isLeading === true
  const operator = createOperator({
    client,
    clock: systemClock,
    logger,
    audit,
    event: (regarding, event) => recorder.record(regarding, event),
    egress,
    metrics,
    runtimeMetrics,
    redactionKey: await redactionKey(client, options.namespace),
    executor: identity.slice(0, 128),
    modelTimeoutMs: options.modelTimeoutSeconds * 1000,
    limits: options.limits,
    namespace: options.namespace,
    impersonation: options.impersonation,
    mailer,
    webhooks,
    pageURL: options.pageURL,
    ...(options.watchNamespace === undefined ? {} : { watchNamespace: options.watchNamespace }),
    trusted: () => canary.trusted() && leading(),
  })
  const health = await startHealthServer({
    host: options.host,
    port: options.metricsPort,
    registry: metrics.registry,
    checks: [
      { name: 'caches', failing: () => (operator.hasSynced() ? undefined : 'not filled yet') },
      { name: 'policies', failing: () => (canary.trusted() ? undefined : canary.reason()) },
    ],
  })
  logger.info({ url: health.url }, 'serving health and metrics')

  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping: tools under way are waited for')
      const grace = new Promise<void>(resolve => setTimeout(resolve, options.graceSeconds * 1000).unref())
      void Promise.race([operator.drain(), grace]).then(() => stop.abort())
    })
  }

  const watching = operator.watch(stop.signal)
  canary.start(stop.signal)
  const seconds = options.leaseSeconds
  elector = new LeaderElector({
    client,
    namespace: options.namespace,
    // Operators that look at different namespaces do not wait for each other.
    name:
      options.watchNamespace === undefined
        ? 'countersign-operator'
        : `countersign-operator-${options.watchNamespace}`,
    identity,
    ...(instance === undefined ? {} : { succeeds: holder => holder.startsWith(`${instance}_`) }),
    // Another one may have seen the last renewal a whole retry period late, and waits from then on: together that is
    // within the seconds that were asked for.
    leaseDurationMs: seconds * 700,
    renewDeadlineMs: (seconds * 2000) / 3,
    retryPeriodMs: (seconds * 2000) / 15,
    onStarted: signal => operator.work(signal),
    logger,
    metrics: runtimeMetrics.leader('countersign-operator'),
  })
  let stopped = true
  if (options.leaderElection) stopped = (await elector.run(stop.signal)) === 'stopped'
  else await operator.work(stop.signal)
  // An operator that lost its lease ends at once: what it has under way is the next one's to judge.
  if (!stopped) return false
  await watching
  await recorder.stop()
  await health.close()
  await Promise.all([egress.close(), mailer.close(), webhooks.close()])
  await client.close()
  return true
}

try {
  const stopped = await run(parseOptions(process.argv.slice(2), process.env))
  process.exit(stopped ? 0 : 1)
} catch (error) {
  process.stderr.write(`${JSON.stringify({ level: 'fatal', error: logSafe(error) })}\n`)
  process.stderr.write(`${error instanceof Error ? error.message : 'the operator could not start'}\n`)
  process.exit(1)
}
