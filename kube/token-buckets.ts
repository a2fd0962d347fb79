import type { Clock } from './types.ts'

export interface TokenBucketOptions {
  /** Tokens of a full bucket. */
  readonly burst: number
  /** Until one token more. */
  readonly refillMs: number
  readonly clock: Clock
}

interface Bucket {
  tokens: number
  at: number
}

const maxBuckets = 4096

/** A token bucket a key; of many keys, those used last are remembered. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: TokenBucketOptions) {
    this.#options = options
  }

  /** Takes a token; false when there is none. */
  take(key: string): boolean {
    const { burst, refillMs, clock } = this.#options
    const now = clock.now()
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now }
    const filled = Math.min(burst, tokens + Math.max(0, now - at) / refillMs)
    const granted = filled >= 1
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: granted ? filled - 1 : filled, at: now })
    if (this.#buckets.size > maxBuckets) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return granted
  }
}
