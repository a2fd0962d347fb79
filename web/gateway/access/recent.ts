import type { Clock } from '../../../kube/types.ts'

interface Entry<V> {
  /** When the question was sent, not when its answer came: it may describe that moment. */
  readonly at: number
  readonly value: Promise<V>
}

export interface RecentOptions {
  readonly clock: Clock
  /** How old an answer may be, counted from its question. */
  readonly maxAgeMs: number
  /** Answers kept; those used longest ago go first. */
  readonly max: number
}

/** How a question was answered. */
export type Outcome = 'asked' | 'shared'

interface GetOptions {
  readonly onOutcome?: (outcome: Outcome) => void
  readonly maxAgeMs?: number
}

/** Answers to questions, while they are young. Who asks what is being asked gets the same answer; failures are not kept. */
export class Recent<V> {
  readonly #options: RecentOptions
  readonly #entries = new Map<string, Entry<V>>()

  constructor(options: RecentOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** The answer at hand where it is young enough, or that to `ask`. `maxAgeMs`: less than all may be. */
  get(
    key: string,
    ask: () => Promise<V>,
    { onOutcome = () => {}, maxAgeMs = this.#options.maxAgeMs }: GetOptions = {},
  ): Promise<V> {
    const { clock, max } = this.#options
    const now = clock.now()
    const known = this.#entries.get(key)
    this.#entries.delete(key)
    // A clock that was turned back makes no answer young.
    if (
      known !== undefined &&
      now >= known.at &&
      now - known.at < Math.min(maxAgeMs, this.#options.maxAgeMs)
    ) {
      this.#entries.set(key, known)
      onOutcome('shared')
      return known.value
    }
    onOutcome('asked')
    const entry = { at: now, value: ask() }
    this.#entries.set(key, entry)
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
    if (this.#entries.size > max) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    return entry.value
  }

  /** Forgets answers; one that is under way still goes to those who wait for it, and to nobody after. */
  forget(isMeant: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (isMeant(key)) this.#entries.delete(key)
  }
}
