import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { promMetrics } from '../../kube/prom-metrics.ts'

/** The gateway's metrics, in a registry of their own. */
export class Metrics {
  readonly registry = new Registry()
  /** By `method`, `route` (the pattern, never the path) and `code`. */
  readonly requests = new Histogram({
    name: 'countersign_gateway_request_duration_seconds',
    help: 'Seconds that requests took, long polls included',
    labelNames: ['method', 'route', 'code'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.registry],
  })
  /** By `verdict` and `code` (HTTP status); each entry of a bulk decision counts. */
  readonly decisions = new Counter({
    name: 'countersign_gateway_decisions_total',
    help: 'Decisions that were asked for, by what was answered',
    labelNames: ['verdict', 'code'] as const,
    registers: [this.registry],
  })
  readonly longPolls = new Gauge({
    name: 'countersign_gateway_long_polls',
    help: 'Requests that wait for an approval to leave Pending',
    registers: [this.registry],
  })
  /** For the client of the API server. */
  readonly onAnswer = promMetrics(this.registry).onAnswer

  /** Adds what prom-client knows of the process; once a process. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry })
  }
}
