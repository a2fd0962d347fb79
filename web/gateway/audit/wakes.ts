import type { Clock } from '../../../kube/types.ts'

/** How long a project is quiet after it was told of. */
const restMs = 250

/**
 * Tells whoever listens to a project that something was appended: at once, and then not again for 250 ms, however much
 * comes. Nobody is told of what; who wants to know looks.
 */
export class Wakes {
  readonly #clock: Clock
  readonly #listeners = new Map<string, Set<() => void>>()
  /** Projects that rest, with whether something has come since. */
  readonly #resting = new Map<string, boolean>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(namespace: string): boolean {
    return this.#listeners.has(namespace)
  }

  listen(namespace: string, listener: () => void): () => void {
    const set = this.#listeners.get(namespace) ?? new Set()
    this.#listeners.set(namespace, set.add(listener))
    return () => {
      set.delete(listener)
      if (set.size === 0 && this.#listeners.get(namespace) === set) this.#listeners.delete(namespace)
    }
  }

  wake(namespace: string): void {
    const listeners = this.#listeners.get(namespace)
    if (listeners === undefined) return
    if (this.#resting.has(namespace)) {
      this.#resting.set(namespace, true)
      return
    }
    this.#resting.set(namespace, false)
    this.#clock.after(restMs, () => {
      const again = this.#resting.get(namespace)
      this.#resting.delete(namespace)
      if (again) this.wake(namespace)
    })
    for (const listener of [...listeners]) listener()
  }
}
