import type { Clock } from '../../../kube/types.ts'
import type { Attempt, Caller, Credentials } from '../credentials.ts'
import { problem } from '../problems/problem.ts'
import { problemOf } from '../problems/translate.ts'
import { Failures, type Shown, shownIn } from './failures.ts'
import { Known } from './known.ts'
import type { LimitOptions } from './options.ts'
import { Places } from './places.ts'

export interface GuardOptions extends Pick<LimitOptions, 'failureBurst' | 'failuresPerMinute'> {
  readonly credentials: Credentials
  readonly clock: Clock
  /** Told of every refusal of a credential that was shown; `address` is where it is counted. */
  readonly onRefusal: (refusal: { readonly address: string; readonly held: boolean }) => void
}

/**
 * Finds out who asks, and holds up whoever guesses.
 *
 * An API key is always looked at: that is a comparison of hashes, so a good one is never held up by bad ones. A token
 * that is not known is asked of the API server only while its address has failures left; at most as many are asked at
 * a time as it has, and the others wait until those are answered. So no flood gets past the limit by coming at once,
 * and a hundred people who come at once with good tokens all get in.
 */
export class Guard {
  readonly #options: GuardOptions
  readonly #failures: Failures
  readonly #known: Known
  readonly #places = new Places()

  constructor(options: GuardOptions) {
    const { failureBurst: burst, failuresPerMinute: perMinute, clock } = options
    this.#options = options
    this.#failures = new Failures({ burst, perMinute, clock })
    this.#known = new Known(clock)
  }

  /** As `Credentials`; over the limit a bad credential is the problem `TooManyFailures`. */
  readonly credentials: Credentials = async attempt => {
    const shown = shownIn(attempt.authorization, attempt.address)
    // Nothing was shown, so nothing was guessed.
    if (shown === undefined) return await this.#options.credentials(attempt)
    if (shown.keyID !== undefined || this.#known.has(shown.hash)) return await this.#try(attempt, shown)
    return await this.#tryUnknown(attempt, shown)
  }

  /** Counts a credential that passed and was refused by the API server later, in the middle of a request. */
  refusedLate(attempt: Attempt): void {
    const shown = shownIn(attempt.authorization, attempt.address)
    if (shown !== undefined) this.#refused(shown)
  }

  async #tryUnknown(attempt: Attempt, shown: Shown): Promise<Caller> {
    for (;;) {
      const waitMs = this.#failures.waitMs(shown)
      if (waitMs > 0) throw this.#held(shown, waitMs)
      if (this.#places.taken(shown.address) < this.#failures.left(shown)) break
      const freed = this.#places.freed(shown.address)
      if (freed === undefined) throw this.#held(shown, 1000)
      await freed
      // Good meanwhile, on another of its requests.
      if (this.#known.has(shown.hash)) return await this.#try(attempt, shown)
    }
    const giveBack = this.#places.take(shown.address)
    try {
      return await this.#try(attempt, shown)
    } finally {
      giveBack()
    }
  }

  async #try(attempt: Attempt, shown: Shown): Promise<Caller> {
    try {
      const caller = await this.#options.credentials(attempt)
      this.#known.add(shown.hash)
      return caller
    } catch (error) {
      if (problemOf(error).code !== 'Unauthenticated') throw error
      const waitMs = this.#failures.waitMs(shown)
      if (waitMs > 0) throw this.#held(shown, waitMs)
      this.#refused(shown)
      throw error
    }
  }

  #refused(shown: Shown): void {
    this.#known.forget(shown.hash)
    this.#failures.count(shown)
    this.#options.onRefusal({ address: shown.address, held: false })
  }

  #held(shown: Shown, waitMs: number): Error {
    this.#options.onRefusal({ address: shown.address, held: true })
    return problem('TooManyFailures', {}, { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }
}
