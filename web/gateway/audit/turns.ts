/** Lets so many tasks run at once; the others wait, in order. */
export class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** `first`: before those who wait already. */
  async run<V>(task: () => Promise<V>, first = false): Promise<V> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(go => (first ? this.#waiting.unshift(go) : this.#waiting.push(go)))
    try {
      return await task()
    } finally {
      // Handed on, so that nobody overtakes whoever waits.
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
