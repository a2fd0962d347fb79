const maxWaiting = 200

/**
 * Places for questions that are under way, by key. Whoever finds all places of a key taken waits until one of that key
 * is given back, and looks again: what has become known meanwhile may answer the question.
 */
export class Places {
  readonly #taken = new Map<string, { count: number; waiting: (() => void)[] }>()

  /** Places of this key that are taken. */
  taken(key: string): number {
    return this.#taken.get(key)?.count ?? 0
  }

  /** Takes one; the returned function gives it back. */
  take(key: string): () => void {
    const entry = this.#taken.get(key) ?? { count: 0, waiting: [] }
    this.#taken.set(key, entry)
    entry.count++
    return () => {
      entry.count--
      if (entry.count === 0) this.#taken.delete(key)
      for (const wake of entry.waiting.splice(0)) wake()
    }
  }

  /** Resolves when one of this key's places is given back; undefined where too many wait for that already. */
  freed(key: string): Promise<void> | undefined {
    const entry = this.#taken.get(key)
    if (entry === undefined) return Promise.resolve()
    if (entry.waiting.length >= maxWaiting) return undefined
    return new Promise(resolve => entry.waiting.push(resolve))
  }
}
