import { backoffMs } from './backoff.ts'
import type { Client } from './client.ts'
import { sleep, systemClock } from './clock.ts'
import { ApiError, ConnectionError, isGone, isTransient, isUnauthorized, logSafe } from './errors.ts'
import { type Logger, silentLogger } from './logger.ts'
import type { Clock, KubeList, KubeObject, Resource, WatchEvent } from './types.ts'

/** Where a reflector puts what it sees. Called in order, never at once; a store is one. */
export interface Sink<T extends KubeObject> {
  /** All objects there are, in place of all that were. */
  replace(list: KubeList<T>): void
  apply(event: WatchEvent<T>): void
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Client
  readonly resource: Resource<T>
  readonly sink: Sink<T>
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly logger?: Logger
  /**
   * The sink wants no objects, only what happens: nothing is listed, however much there is, and `replace` is given no
   * objects, each time that something may have been missed before what is applied next.
   */
  readonly onlyEvents?: boolean
  /** Objects a page. Default 500. */
  readonly pageSize?: number
  /** A watch that gives nothing this long is dead (bookmarks come about each minute). Default 90,000. */
  readonly silentMs?: number
  /** Shortest and longest life of a watch; each gets a random one, so that they do not end together. Default 300 to 600. */
  readonly watchSeconds?: readonly [number, number]
}

const backoff = { baseMs: 800, maxMs: 30_000 }
/** A watch that lives shorter and brings nothing counts as one that was never open. */
const atOnceMs = 1000
/** A resume that the server refuses this often is given up for a list. */
const maxRefusedResumes = 3

/**
 * Keeps a sink equal to a resource of the API server, and never gives up:
 *
 * ```
 *            ┌──────── 410 in either form, or the resume refused 3 times ────────┐
 *            ▼                                                                    │
 *   ──▶ list, in pages ──▶ watch from there ──▶ ended, silent, broken ──▶ watch from the last version seen
 *            │                                        (back-off 0.8 s to 30 s where it failed)
 *            └─ failed: back-off, list again
 * ```
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #clock: Clock
  readonly #random: () => number
  readonly #logger: Logger
  readonly #synced = Promise.withResolvers<void>()
  #hasSynced = false
  /** Where to watch from; undefined when a list is needed. */
  #version: string | undefined
  #failures = 0
  #refusedResumes = 0
  /** Since when no watch is open; undefined while one is. */
  #cutAt: number | undefined

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#logger = (options.logger ?? silentLogger).child({ resource: options.resource.plural })
    this.#cutAt = this.#clock.now()
  }

  /** Whether the sink has been filled once. */
  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /**
   * For how many milliseconds the sink may have missed what happened: 0 while a watch is open, else the time since the
   * last one ended that brought anything; infinite before the first list. A connection that is dead without having been closed counts as open
   * until it is found out (`silentMs`, or the TCP keep-alive).
   */
  get lagMs(): number {
    if (!this.#hasSynced) return Number.POSITIVE_INFINITY
    return this.#cutAt === undefined ? 0 : Math.max(0, this.#clock.now() - this.#cutAt)
  }

  /** Resolves when the sink has been filled once. */
  synced(): Promise<void> {
    return this.#synced.promise
  }

  /** Runs until the signal aborts, and then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal)
        else await this.#watch(this.#version, signal)
      } catch (error) {
        if (signal.aborted) return
        const waitMs = this.#failed(error)
        if (waitMs > 0) await sleep(this.#clock, waitMs, signal)
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, sink, onlyEvents, pageSize = 500 } = this.#options
    // No resourceVersion: what the server knows now, not what some cache of it knew. After a 410 anything less could be
    // older than what we have.
    const options = { ...this.#scope(), limit: pageSize, timeoutMs: 120_000, signal }
    const list = onlyEvents
      ? {
          items: [],
          resourceVersion: (await client.list(resource, { ...options, limit: 1 })).resourceVersion,
        }
      : await client.listAll(resource, options)
    sink.replace(list)
    this.#version = list.resourceVersion
    this.#refusedResumes = 0
    if (!this.#hasSynced) this.#logger.debug({ objects: list.items.length }, 'synced')
    this.#hasSynced = true
    this.#synced.resolve()
  }

  /** One watch, until it ends. Returns when it lived; throws when it failed, the silent one with `ConnectionError`. */
  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const { client, resource, sink, watchSeconds = [300, 600], silentMs = 90_000 } = this.#options
    const [shortest, longest] = watchSeconds
    const life = new AbortController()
    const stop = () => life.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    const started = this.#clock.now()
    const cutAt = this.#cutAt
    let heard = started
    let events = 0
    /** Whether nothing can have come over it: then what was missed before it still is. */
    const isEmpty = (error?: unknown) =>
      events === 0 && (isGone(error) || this.#clock.now() - started < atOnceMs)
    const listen = (ms: number): (() => void) =>
      this.#clock.after(ms, () => {
        const left = heard + silentMs - this.#clock.now()
        if (left <= 0) life.abort(new ConnectionError(`the watch was silent for ${silentMs / 1000} s`))
        else cancelTimer = listen(left)
      })
    let cancelTimer = listen(silentMs)
    try {
      const timeoutSeconds = Math.round(shortest + this.#random() * (longest - shortest))
      const onOpen = () => {
        this.#cutAt = undefined
      }
      const watch = {
        ...this.#scope(),
        resourceVersion: version,
        timeoutSeconds,
        onOpen,
        signal: life.signal,
      }
      for await (const event of client.watch(resource, watch)) {
        heard = this.#clock.now()
        events++
        sink.apply(event)
        this.#version =
          event.type === 'BOOKMARK'
            ? event.resourceVersion
            : (event.object.metadata.resourceVersion ?? this.#version)
        this.#failures = 0
        this.#refusedResumes = 0
      }
      // A server that ends every watch at once must not be asked in a circle.
      if (isEmpty()) throw new ConnectionError('the watch ended at once')
    } catch (error) {
      if (isEmpty(error)) this.#cutAt ??= cutAt
      throw error
    } finally {
      this.#cutAt ??= this.#clock.now()
      cancelTimer()
      signal.removeEventListener('abort', stop)
    }
    this.#failures = 0
  }

  #scope() {
    const { namespace, labelSelector, fieldSelector } = this.#options
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    }
  }

  /** Decides from where to go on after a failure, and after how many milliseconds. */
  #failed(error: unknown): number {
    this.#failures++
    const watching = this.#version !== undefined
    const expected = error instanceof ConnectionError || isGone(error)
    if (isGone(error)) {
      this.#version = undefined
      // Once is ordinary. Again without an event in between: something is wrong, do not list in a circle.
      if (this.#failures === 1) return 0
    } else if (watching && error instanceof ApiError && error.code !== 429 && !isUnauthorized(error)) {
      // The version may be one that this server cannot serve at all (from the future, after a restore of its data).
      if (++this.#refusedResumes >= maxRefusedResumes) this.#version = undefined
    } else if (!expected && !isTransient(error) && !(error instanceof ApiError)) {
      // The sink failed on this event: what it holds is not to be trusted.
      this.#version = undefined
    }
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
    const waitMs = Math.max(asked, backoffMs(this.#failures, backoff, this.#random()))
    const fields = { error: logSafe(error), failures: this.#failures, waitMs: Math.round(waitMs) }
    const what = watching ? 'watch failed' : 'list failed'
    if (expected && this.#failures < 3) this.#logger.debug(fields, what)
    else this.#logger.warn(fields, what)
    return waitMs
  }
}
