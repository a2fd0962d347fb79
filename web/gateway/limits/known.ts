import type { Clock } from '../../../kube/types.ts'

const rememberedMs = 10 * 60_000
const maxKnown = 20_000

/** Credentials, by their hashes, that were good a short while ago. What is forgotten too early is only asked for again. */
export class Known {
  readonly #clock: Clock
  /** When each was last good; least recently good first. */
  readonly #goodAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether this one was good in the last ten minutes. */
  has(hash: string): boolean {
    const at = this.#goodAt.get(hash)
    if (at === undefined) return false
    const age = this.#clock.now() - at
    return age >= 0 && age < rememberedMs
  }

  add(hash: string): void {
    this.#goodAt.delete(hash)
    this.#goodAt.set(hash, this.#clock.now())
    if (this.#goodAt.size <= maxKnown) return
    const oldest = this.#goodAt.keys().next()
    if (!oldest.done) this.#goodAt.delete(oldest.value)
  }

  forget(hash: string): void {
    this.#goodAt.delete(hash)
  }
}
