import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { promMetrics } from '../../kube/prom-metrics.ts'

/** A part of the cache. */
export interface Watched {
  readonly resource: { readonly plural: string }
  readonly size: number
  readonly isLive: boolean
}

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
  /** By `outcome`: asked of the API server, or shared with an answer at hand. */
  readonly reviews = new Counter({
    name: 'countersign_gateway_access_reviews_total',
    help: 'Questions whether somebody may do something, by whether the API server was asked',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  })
  readonly eventStreams = new Gauge({
    name: 'countersign_gateway_event_streams',
    help: 'Event streams that are open',
    registers: [this.registry],
  })
  /** By `reason`. */
  readonly closedStreams = new Counter({
    name: 'countersign_gateway_event_streams_closed_total',
    help: 'Event streams that have ended, by why',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  })
  /** By `reason`: BadCredential, TooManyFailures, RateLimited, Anonymous, Connections. */
  readonly refused = new Counter({
    name: 'countersign_gateway_refused_total',
    help: 'Requests and connections that were refused to keep the limits, and bad credentials',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  })
  /** For the client of the API server. */
  readonly onAnswer = promMetrics(this.registry).onAnswer

  /** Adds the size of each kind of the cache and whether it follows the API server; once. */
  watchCache(kinds: readonly Watched[]): void {
    const labelNames = ['resource'] as const
    new Gauge({
      name: 'countersign_gateway_cache_objects',
      help: 'Objects in the cache; of audit records, the entries that can be found',
      labelNames,
      registers: [this.registry],
      collect() {
        for (const { resource, size } of kinds) this.set({ resource: resource.plural }, size)
      },
    })
    new Gauge({
      name: 'countersign_gateway_cache_live',
      help: '1 while the cache follows the API server, 0 while reads are refused',
      labelNames,
      registers: [this.registry],
      collect() {
        for (const { resource, isLive } of kinds) this.set({ resource: resource.plural }, isLive ? 1 : 0)
      },
    })
  }

  /** Adds what prom-client knows of the process; once a process. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry })
  }
}
