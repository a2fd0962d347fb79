import type { Clock } from '../../../kube/types.ts'

export interface BucketOptions {
  /** Tokens of a full bucket. */
  readonly burst: number
  /** Milliseconds until one token more. */
  readonly refillMs: number
  readonly clock: Clock
  /** Buckets that are remembered. */
  readonly maxKeys?: number
}

const defaultMaxKeys = 20_000
const looksAt = 8

/**
 * A token bucket a key, all of one size. Of each only the moment at which it is full again is kept; one that is full is
 * forgotten, as a new one is full too.
 *
 * Where there are more than `maxKeys`, the fullest of the newest and the eight that were used longest ago goes, and the
 * others count as just used. So an empty bucket is not flushed out by touching many others once: those go first, and each
 * that goes has lost one token. To have one forgotten, about `maxKeys` others must be emptied meanwhile.
 */
export class Buckets {
  readonly #burst: number
  readonly #refillMs: number
  readonly #clock: Clock
  readonly #maxKeys: number
  /** When the bucket is full again; least recently used first. */
  readonly #fullAt = new Map<string, number>()

  constructor({ burst, refillMs, clock, maxKeys = defaultMaxKeys }: BucketOptions) {
    this.#burst = burst
    this.#refillMs = refillMs
    this.#clock = clock
    this.#maxKeys = maxKeys
  }

  /** Buckets that are remembered now. */
  get size(): number {
    return this.#fullAt.size
  }

  /** Whole tokens that are there. */
  available(key: string): number {
    const now = this.#clock.now()
    // What is missing, in tokens; rounded so that a token is there in the very millisecond it is due.
    const missing = (this.#fullAtOf(key, now) - now) / this.#refillMs
    return Math.max(0, Math.floor(this.#burst - missing + 1e-9))
  }

  /** Milliseconds until there is a token; 0 when there is one. */
  waitMs(key: string): number {
    const now = this.#clock.now()
    const waitMs = this.#fullAtOf(key, now) - now - (this.#burst - 1) * this.#refillMs
    return waitMs < 1e-6 ? 0 : waitMs
  }

  /** Takes a token and returns 0, or, where there is none, the milliseconds until there is one. */
  take(key: string): number {
    const waitMs = this.waitMs(key)
    if (waitMs > 0) return waitMs
    const now = this.#clock.now()
    const fullAt = this.#fullAtOf(key, now) + this.#refillMs
    this.#fullAt.delete(key)
    this.#fullAt.set(key, fullAt)
    this.#forget(now, [key, fullAt])
    return 0
  }

  #fullAtOf(key: string, now: number): number {
    // Never later than an empty bucket's, so that a clock that is turned back holds nobody up for longer.
    return Math.min(Math.max(this.#fullAt.get(key) ?? now, now), now + this.#burst * this.#refillMs)
  }

  #forget(now: number, newest: readonly [key: string, fullAt: number]): void {
    const oldest: [key: string, fullAt: number][] = []
    for (const entry of this.#fullAt) if (oldest.push(entry) === looksAt) break
    for (const [key, fullAt] of oldest) if (fullAt <= now) this.#fullAt.delete(key)
    if (this.#fullAt.size <= this.#maxKeys) return
    const left = oldest.filter(([, fullAt]) => fullAt > now)
    const [fullest, ...rest] = [...left, newest].sort(([, a], [, b]) => a - b)
    if (fullest !== undefined) this.#fullAt.delete(fullest[0])
    for (const [key, fullAt] of rest) {
      this.#fullAt.delete(key)
      this.#fullAt.set(key, fullAt)
    }
  }
}
