import { type BackoffOptions, backoffMs } from './backoff.ts'
import { systemClock } from './clock.ts'
import { noQueueMetrics, type QueueMetrics } from './metrics.ts'
import type { Clock, Key } from './types.ts'

export interface WorkQueueOptions {
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** Waits of `addRateLimited`. Default 50 ms, doubled up to 5 minutes. */
  readonly backoff?: BackoffOptions
  /** Keys are taken from the groups in turn, so that many of one do not delay another's. Default: one group. */
  readonly groupOf?: (key: Key) => string
  readonly metrics?: QueueMetrics
}

/** By group, the keys that wait (oldest first) and since when. The first group is the next to be served. */
type Line = Map<string, Map<Key, number>>

/** Keys taken before one of the backlog is. */
const ROW = 8

interface Delayed {
  readonly at: number
  readonly cancel: () => void
}

/**
 * Keys to work on. A key waits at most once however often it is added, is in at most one hand, and one that is added
 * while it is in hand is handed out again after `done`.
 *
 * ```
 *   addAfter, addRateLimited ──(time)──┐
 *                                      ▼
 *   add ──────────────────────────▶ waiting ──take──▶ in hand ──done──▶ forgotten
 *                                      ▲                 │
 *   addLater ──▶ backlog ──add──▶──────┤                 │
 *                                      └──── done, if added meanwhile
 * ```
 *
 * The backlog is what there was when work began: of it one key is taken after each few of those where something has just
 * happened, and all of them when there are no others.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #backoff: BackoffOptions
  readonly #groupOf: (key: Key) => string
  readonly #metrics: QueueMetrics
  readonly #waiting: Line = new Map()
  readonly #backlog: Line = new Map()
  /** Keys taken in a row while the backlog stood. */
  #row = 0
  /** Since when. */
  readonly #inHand = new Map<Key, number>()
  readonly #addedInHand = new Set<Key>()
  readonly #delayed = new Map<Key, Delayed>()
  readonly #failures = new Map<Key, number>()
  readonly #takers: ((key: Key | undefined) => void)[] = []
  readonly #drained = Promise.withResolvers<void>()
  #length = 0
  #stopped = false

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#backoff = options.backoff ?? { baseMs: 50, maxMs: 300_000 }
    this.#groupOf = options.groupOf ?? (() => '')
    this.#metrics = options.metrics ?? noQueueMetrics
  }

  /** Keys that wait to be taken; neither those in hand nor those for later. */
  get length(): number {
    return this.#length
  }

  add(key: Key): void {
    if (this.#stopped) return
    if (this.#inHand.has(key)) {
      if (!this.#addedInHand.has(key)) this.#metrics.added()
      this.#addedInHand.add(key)
      return
    }
    const group = this.#groupOf(key)
    if (this.#waiting.get(group)?.has(key)) return
    if (this.#leave(this.#backlog, group, key)) this.#length--
    else this.#metrics.added()
    this.#wait(this.#waiting, group, key)
  }

  /** Adds a key that nothing has happened to: those that something happens to go before it. */
  addLater(key: Key): void {
    const group = this.#groupOf(key)
    if (this.#stopped || this.#inHand.has(key) || this.#waiting.get(group)?.has(key)) return
    if (this.#backlog.get(group)?.has(key)) return
    this.#metrics.added()
    this.#wait(this.#backlog, group, key)
  }

  /** Adds a key after a time. Of several times for one key the earliest counts; adding it now does not undo it. */
  addAfter(key: Key, ms: number): void {
    if (this.#stopped) return
    if (ms <= 0) {
      this.add(key)
      return
    }
    const at = this.#clock.now() + ms
    const earlier = this.#delayed.get(key)
    if (earlier !== undefined && earlier.at <= at) return
    earlier?.cancel()
    this.#delay(key, at)
  }

  /** Adds a key after a wait that grows with each call until `forget`; at least `atLeastMs`. */
  addRateLimited(key: Key, atLeastMs = 0): void {
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    this.#metrics.retried()
    this.addAfter(key, Math.max(atLeastMs, backoffMs(failures, this.#backoff, this.#random())))
  }

  /** Ends the growing waits of a key: it is well again, or gone. */
  forget(key: Key): void {
    this.#failures.delete(key)
  }

  /** How often `addRateLimited` was called for a key since it was last forgotten. */
  failures(key: Key): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, as soon as there is one; `undefined` once the queue is stopped. Each needs one `done`. */
  take(): Promise<Key | undefined> {
    if (this.#stopped) return Promise.resolve(undefined)
    const key = this.#next()
    if (key !== undefined) return Promise.resolve(key)
    return new Promise(resolve => this.#takers.push(resolve))
  }

  /** Puts a key back that was taken; throws for one that was not. */
  done(key: Key): void {
    const since = this.#inHand.get(key)
    if (since === undefined) throw new Error('done: the key is not in hand')
    this.#inHand.delete(key)
    this.#metrics.worked((this.#clock.now() - since) / 1000)
    if (this.#addedInHand.delete(key) && !this.#stopped) this.#wait(this.#waiting, this.#groupOf(key), key)
    if (this.#stopped && this.#inHand.size === 0) this.#drained.resolve()
  }

  /**
   * Hands out nothing more, and resolves when what is in hand is done. What waits is dropped: whoever works
   * level-based finds it again when it starts.
   */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { cancel } of this.#delayed.values()) cancel()
    this.#delayed.clear()
    this.#waiting.clear()
    this.#backlog.clear()
    this.#length = 0
    this.#metrics.depth(0)
    for (const give of this.#takers.splice(0)) give(undefined)
    if (this.#inHand.size === 0) this.#drained.resolve()
    await this.#drained.promise
  }

  #wait(line: Line, group: string, key: Key): void {
    const keys = line.get(group) ?? new Map<Key, number>()
    line.set(group, keys.set(key, this.#clock.now()))
    this.#length++
    const taker = this.#takers.shift()
    if (taker === undefined) this.#metrics.depth(this.#length)
    else taker(this.#next())
  }

  #leave(line: Line, group: string, key: Key): boolean {
    const keys = line.get(group)
    if (!keys?.delete(key)) return false
    if (keys.size === 0) line.delete(group)
    return true
  }

  #next(): Key | undefined {
    const isBacklogsTurn = this.#waiting.size === 0 || this.#row >= ROW
    const line = isBacklogsTurn && this.#backlog.size > 0 ? this.#backlog : this.#waiting
    this.#row = line === this.#backlog || this.#backlog.size === 0 ? 0 : this.#row + 1
    for (const [group, keys] of line) {
      for (const [key, since] of keys) {
        keys.delete(key)
        // Behind all other groups, if it has more.
        line.delete(group)
        if (keys.size > 0) line.set(group, keys)
        this.#length--
        this.#inHand.set(key, this.#clock.now())
        this.#metrics.depth(this.#length)
        this.#metrics.waited((this.#clock.now() - since) / 1000)
        return key
      }
    }
    return undefined
  }

  #delay(key: Key, at: number): void {
    const cancel = this.#clock.after(at - this.#clock.now(), () => {
      this.#delayed.delete(key)
      // A timer may fire early: a long wait is cut by the platform.
      if (this.#clock.now() < at) this.#delay(key, at)
      else this.add(key)
    })
    this.#delayed.set(key, { at, cancel })
  }
}
