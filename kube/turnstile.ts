/** How long a request may stand behind others: those of most urgency go first, and none waits for ever. */
export type Urgency = 'High' | 'Normal' | 'Low'

/** Milliseconds by which a request lets later ones that are more urgent go before it. */
const PATIENCE_MS = { High: 0, Normal: 1000, Low: 5000 } as const satisfies Record<Urgency, number>

interface Waiting {
  readonly since: number
  readonly enter: () => void
}

/**
 * Lets so many through at once. Where more want to, the next is the one whose arrival plus patience is earliest, so that
 * what others wait for is not held up by what nobody waits for, and a flood of the one never starves the other.
 */
export class Turnstile {
  readonly #limit: number
  readonly #now: () => number
  /** Each in the order of arrival, and so of when its patience ends. */
  readonly #lines: Record<Urgency, Set<Waiting>> = { High: new Set(), Normal: new Set(), Low: new Set() }
  #inside = 0

  /** @param now a clock in ms that never goes back */
  constructor(limit: number, now: () => number = () => performance.now()) {
    this.#limit = limit
    this.#now = now
  }

  /** Resolves when it is the caller's turn; each needs one `leave`. Rejects with the signal's reason, without a turn. */
  async enter(urgency: Urgency, signal?: AbortSignal | null): Promise<void> {
    signal?.throwIfAborted()
    if (this.#inside < this.#limit) {
      this.#inside++
      return
    }
    const line = this.#lines[urgency]
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        line.delete(waiting)
        reject(signal?.reason)
      }
      const waiting: Waiting = {
        since: this.#now(),
        enter: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      line.add(waiting)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  leave(): void {
    const next = this.#next()
    // The turn is handed on.
    if (next) next.enter()
    else this.#inside--
  }

  #next(): Waiting | undefined {
    let best: { readonly urgency: Urgency; readonly waiting: Waiting; readonly until: number } | undefined
    for (const urgency of ['High', 'Normal', 'Low'] as const) {
      const [waiting] = this.#lines[urgency]
      if (!waiting) continue
      const until = waiting.since + PATIENCE_MS[urgency]
      if (!best || until < best.until) best = { urgency, waiting, until }
    }
    if (best) this.#lines[best.urgency].delete(best.waiting)
    return best?.waiting
  }
}
