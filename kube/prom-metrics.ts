import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ControllerMetrics, EventMetrics, LeaderMetrics, QueueMetrics } from './metrics.ts'

/** The runtime's metrics in one registry. */
export interface PromMetrics {
  queue(name: string): QueueMetrics
  controller(name: string): ControllerMetrics
  leader(name: string): LeaderMetrics
  readonly events: EventMetrics
  /** For `HttpClientOptions.onAnswer`. */
  readonly onAnswer: (answer: {
    readonly method: string
    readonly code: string
    readonly seconds: number
  }) => void
}

const queueBuckets = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]
const secondBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Registers the metrics under the names that controller-runtime gave them, so that its dashboards carry over. */
export function promMetrics(registry: Registry): PromMetrics {
  const registers = [registry]
  const named = ['name'] as const
  const controlled = ['controller'] as const
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Keys that wait in the work queue',
    labelNames: named,
    registers,
  })
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Keys added to the work queue',
    labelNames: named,
    registers,
  })
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waited in the work queue before it was taken',
    labelNames: named,
    buckets: queueBuckets,
    registers,
  })
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long a key was in hand',
    labelNames: named,
    buckets: queueBuckets,
    registers,
  })
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Keys added to the work queue for another try',
    labelNames: named,
    registers,
  })
  const reconciles = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by controller and result',
    labelNames: ['controller', 'result'],
    registers,
  })
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciles that failed',
    labelNames: controlled,
    registers,
  })
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long a reconcile took',
    labelNames: controlled,
    buckets: secondBuckets,
    registers,
  })
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Reconciles under way',
    labelNames: controlled,
    registers,
  })
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by status code and method; <error> where none came',
    labelNames: ['code', 'method'],
    registers,
  })
  const requestTime = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time from a request to the head of its answer, by method',
    labelNames: ['method'],
    buckets: secondBuckets,
    registers,
  })
  const master = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads, 0 while it does not',
    labelNames: named,
    registers,
  })
  const events = new Counter({
    name: 'kube_events_total',
    help: 'Kubernetes Events by what became of them',
    labelNames: ['outcome'],
    registers,
  })
  return {
    queue: name => ({
      depth: keys => depth.set({ name }, keys),
      added: () => adds.inc({ name }),
      waited: seconds => waited.observe({ name }, seconds),
      worked: seconds => worked.observe({ name }, seconds),
      retried: () => retries.inc({ name }),
    }),
    controller: controller => {
      // A result that never was is 0, not absent: alerts on its rate need the series to exist.
      for (const result of ['success', 'requeue_after', 'requeue', 'error'])
        reconciles.inc({ controller, result }, 0)
      errors.inc({ controller }, 0)
      return {
        reconciled(result, seconds) {
          reconciles.inc({ controller, result })
          if (result === 'error') errors.inc({ controller })
          time.observe({ controller }, seconds)
        },
        active: workers => active.set({ controller }, workers),
      }
    },
    leader: name => {
      master.set({ name }, 0)
      return { leading: is => master.set({ name }, is ? 1 : 0) }
    },
    events: { event: outcome => events.inc({ outcome }) },
    onAnswer({ method, code, seconds }) {
      requests.inc({ code, method })
      requestTime.observe({ method }, seconds)
    },
  }
}
