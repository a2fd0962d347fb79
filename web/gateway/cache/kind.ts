import type { Client } from '../../../kube/client.ts'
import type { Logger } from '../../../kube/logger.ts'
import { Reflector, type Sink } from '../../../kube/reflector.ts'
import { type Change, Store, withoutManagedFields } from '../../../kube/store.ts'
import type { Clock, Key, KubeList, KubeObject, Resource, WatchEvent } from '../../../kube/types.ts'
import { problem } from '../problems/problem.ts'

export interface KindOptions<T extends KubeObject> {
  readonly client: Client
  readonly resource: Resource<T>
  /** Absent: of all namespaces. */
  readonly namespace?: string
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

/** Told of what the watch brings, after the store has it. */
export type Listener<T extends KubeObject> = Sink<T>

/** A watch that was cut is open again in about a second. Longer than this, and an answer may be no longer true. */
export const maxLagMs = 5000

/** One kind of the gateway's cache: what the API server holds of it, as it was a moment ago. */
export class CachedKind<T extends KubeObject> {
  readonly resource: Resource<T>
  readonly store: Store<T>
  readonly #reflector: Reflector<T>
  readonly #listeners = new Set<Listener<T>>()
  readonly #waiting = new Map<Key, Set<(change: Change<T>) => void>>()

  constructor(options: KindOptions<T>) {
    const { client, resource, namespace, indexes = {}, clock, random, logger } = options
    this.resource = resource
    // No route shows managed fields, and they are half of an object.
    this.store = new Store<T>({ indexes, transform: withoutManagedFields, clock, logger })
    const sink: Sink<T> = {
      replace: list => this.#replace(list),
      apply: event => this.#apply(event),
    }
    this.#reflector = new Reflector<T>({
      client,
      resource,
      sink,
      clock,
      random,
      logger,
      ...(namespace === undefined ? {} : { namespace }),
    })
    this.store.subscribe(change => {
      for (const fn of [...(this.#waiting.get(change.key) ?? [])]) fn(change)
    })
  }

  /** Whether the store is what the API server holds, but for a moment. */
  get isLive(): boolean {
    return this.lagMs <= maxLagMs
  }

  /** For how many milliseconds something may have been missed. */
  get lagMs(): number {
    return this.#reflector.lagMs
  }

  get size(): number {
    return this.store.size
  }

  get hasSynced(): boolean {
    return this.#reflector.hasSynced
  }

  /** Throws the problem `Behind`: what the store holds may be no longer true. */
  checkLive(): void {
    if (!this.isLive) throw problem('Behind', {}, { retryAfterSeconds: 1 })
  }

  synced(): Promise<void> {
    return this.#reflector.synced()
  }

  /** Follows the API server until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal)
  }

  /** Tells `fn` of what becomes of one object from now on. Returns what ends it. */
  onChange(key: Key, fn: (change: Change<T>) => void): () => void {
    const set = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, set.add(fn))
    return () => {
      set.delete(fn)
      if (set.size === 0 && this.#waiting.get(key) === set) this.#waiting.delete(key)
    }
  }

  /** Tells of every list and event, not of our own writes. Before `run`, to miss nothing. */
  listen(listener: Listener<T>): void {
    this.#listeners.add(listener)
  }

  #replace(list: KubeList<T>): void {
    this.store.replace(list)
    for (const listener of this.#listeners) listener.replace(list)
  }

  #apply(event: WatchEvent<T>): void {
    this.store.apply(event)
    for (const listener of this.#listeners) listener.apply(event)
  }
}
