import { randomUUID } from 'node:crypto'
import { backoffMs } from './backoff.ts'
import type { Client } from './client.ts'
import { sleep, systemClock } from './clock.ts'
import { isAlreadyExists, isNotFound, isTransient, logSafe } from './errors.ts'
import { cut, type EventReference, events, type KubeEvent, referenceTo } from './event.ts'
import { microTime } from './lease.ts'
import { type Logger, silentLogger } from './logger.ts'
import { type EventMetrics, noEventMetrics } from './metrics.ts'
import { TokenBuckets } from './token-buckets.ts'
import type { Clock, KubeObject } from './types.ts'

/** What happened, in the words that `kubectl describe` shows. */
export interface EventInput {
  readonly type: 'Normal' | 'Warning'
  /** CamelCase, one of few. */
  readonly reason: string
  /** What the reporting controller did or tried, CamelCase. */
  readonly action: string
  /** A sentence; cut at 1,024 bytes. */
  readonly note: string
  readonly related?: KubeObject
}

export interface EventRecorderOptions {
  readonly client: Client
  /** Such as `example.dev/my-controller`. */
  readonly reportingController: string
  /** Such as the pod's name. */
  readonly reportingInstance: string
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly logger?: Logger
  readonly metrics?: EventMetrics
  /** Part of an Event's name. */
  readonly newID?: () => string
  /** Events that wait to be sent, beyond which new ones are dropped. Default 1,000. */
  readonly queueSize?: number
  /** The same event within this time is one Event with a count. Default 360,000. */
  readonly seriesWindowMs?: number
  /** Events about one object: so many at once, then one each `refillMs`. Default 25 and 60,000. */
  readonly burst?: number
  readonly refillMs?: number
}

/** An Event that was recorded, and how often it happened. */
interface Series {
  readonly key: string
  event: KubeEvent
  count: number
  /** The count that the server knows; 0 before the first was sent. */
  sent: number
  lastAt: number
  sentAt: number
  state: 'idle' | 'queued' | 'later'
}

const maxTries = 4
/** A count that goes up all the time is written no more often than this. */
const seriesUpdateMs = 10_000
const maxSeries = 4096
const backoff = { baseMs: 500, maxMs: 10_000 }

/**
 * Records what happened as Kubernetes Events. `record` never waits and never fails: an Event is news for people, not
 * a record to rely on, and the server deletes it after an hour.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: EventMetrics
  readonly #series = new Map<string, Series>()
  readonly #queue: Series[] = []
  readonly #buckets: TokenBuckets
  #sending: Promise<void> | undefined
  readonly #stop = new AbortController()

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger ?? silentLogger
    this.#metrics = options.metrics ?? noEventMetrics
    this.#buckets = new TokenBuckets({
      burst: options.burst ?? 25,
      refillMs: options.refillMs ?? 60_000,
      clock: this.#clock,
    })
  }

  /** Records an event about an object (one that has a kind, as what comes from a client or store has). */
  record(regarding: KubeObject, input: EventInput): void {
    if (this.#stop.signal.aborted) return
    const about = referenceTo(regarding)
    const { type, reason, action, note, related } = input
    const key = JSON.stringify([
      about.uid,
      about.namespace,
      about.name,
      type,
      reason,
      action,
      note,
      related?.metadata.uid,
    ])
    const known = this.#known(key)
    if (known === undefined && !this.#buckets.take(about.uid ?? `${about.namespace}/${about.name}`)) {
      this.#metrics.event('dropped_rate_limit')
      return
    }
    if (known?.state !== 'queued' && this.#queue.length >= (this.#options.queueSize ?? 1000)) {
      this.#metrics.event('dropped_queue_full')
      return
    }
    const now = this.#clock.now()
    const fresh = {
      key,
      event: this.#event(about, input),
      count: 0,
      sent: 0,
      lastAt: now,
      sentAt: 0,
      state: 'idle',
    } as const
    const series: Series = known ?? { ...fresh }
    series.count++
    series.lastAt = now
    this.#remember(series)
    if (series.state !== 'idle') return
    const waitMs = series.sent === 0 ? 0 : series.sentAt + seriesUpdateMs - now
    if (waitMs <= 0) {
      this.#enqueue(series)
      return
    }
    series.state = 'later'
    this.#clock.after(waitMs, () => {
      if (series.state === 'later' && !this.#stop.signal.aborted) this.#enqueue(series)
    })
  }

  /** Resolves when nothing waits to be sent any more. */
  async flush(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
  }

  /** Sends what waits, for at most this long, and takes nothing new. */
  async stop(graceMs = 2_000): Promise<void> {
    for (const series of this.#series.values()) if (series.state === 'later') this.#enqueue(series)
    const grace = new AbortController()
    await Promise.race([this.flush(), sleep(this.#clock, graceMs, grace.signal)])
    grace.abort()
    this.#stop.abort()
  }

  #enqueue(series: Series): void {
    series.state = 'queued'
    this.#queue.push(series)
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
  }

  /** Anew at the end, so that the oldest is first to be forgotten. */
  #remember(series: Series): void {
    this.#series.delete(series.key)
    this.#series.set(series.key, series)
    if (this.#series.size <= maxSeries) return
    const oldest = this.#series.keys().next()
    if (!oldest.done) this.#series.delete(oldest.value)
  }

  #known(key: string): Series | undefined {
    const series = this.#series.get(key)
    if (series === undefined) return undefined
    return this.#clock.now() - series.lastAt <= (this.#options.seriesWindowMs ?? 360_000) ? series : undefined
  }

  #event(regarding: EventReference, input: EventInput): KubeEvent {
    const { reportingController, reportingInstance, newID = randomUUID } = this.#options
    const { type, reason, action, note, related } = input
    return {
      // An object of no namespace has its events in `default`.
      metadata: {
        namespace: regarding.namespace ?? 'default',
        name: `${regarding.name.slice(0, 200)}.${newID()}`,
      },
      eventTime: microTime(this.#clock.now()),
      reportingController,
      reportingInstance,
      type,
      reason,
      action,
      note: cut(note, 1024),
      regarding,
      ...(related === undefined ? {} : { related: referenceTo(related) }),
    }
  }

  async #send(): Promise<void> {
    for (let series = this.#queue.shift(); series !== undefined; series = this.#queue.shift()) {
      series.state = 'idle'
      series.sentAt = this.#clock.now()
      this.#metrics.event((await this.#sendOne(series)) ? 'sent' : 'failed')
    }
  }

  async #sendOne(series: Series): Promise<boolean> {
    const { random = Math.random } = this.#options
    for (let tries = 1; !this.#stop.signal.aborted; tries++) {
      try {
        await this.#write(series)
        return true
      } catch (error) {
        if (!isTransient(error) || tries === maxTries) {
          this.#series.delete(series.key)
          this.#logger.debug(
            { error: logSafe(error), reason: series.event.reason },
            'an Event was not recorded',
          )
          return false
        }
        await sleep(this.#clock, backoffMs(tries, backoff, random()), this.#stop.signal)
      }
    }
    return false
  }

  /** Creates the Event, or tells the server how often it has happened by now. */
  async #write(series: Series): Promise<void> {
    const { client } = this.#options
    const { signal } = this.#stop
    const { count } = series
    if (series.sent > 0) {
      const body = { series: { count, lastObservedTime: microTime(series.lastAt) } }
      try {
        await client.patch(
          events,
          series.event.metadata as { namespace: string; name: string },
          { type: 'merge', body },
          { signal, urgency: 'Low' },
        )
        series.sent = count
        return
      } catch (error) {
        // The server has deleted it: begin another.
        if (!isNotFound(error)) throw error
      }
    }
    const happened = { count, lastObservedTime: microTime(series.lastAt) }
    try {
      await client.create(events, count > 1 ? { ...series.event, series: happened } : series.event, {
        signal,
        urgency: 'Low',
      })
    } catch (error) {
      // An earlier try had landed after all.
      if (!isAlreadyExists(error)) throw error
    }
    series.sent = count
  }
}
