/** A storm of changes is drawn so often, and no oftener. */
const EVERY_MS = 100

/**
 * A value that is drawn: what changes in the same tenth of a second is one new object, told once. The first change
 * after a rest is told at once.
 */
export class Drawn<T extends object> {
  #value: T
  #next: Partial<T> = {}
  #drawnAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #ended = false
  readonly #listeners = new Set<() => void>()

  constructor(first: T) {
    this.#value = first
  }

  readonly value = (): T => this.#value

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** As it will be drawn next. */
  coming<Key extends keyof T>(key: Key): T[Key] {
    return this.#next[key] ?? this.#value[key]
  }

  set(change: Partial<T>, now = false): void {
    if (this.#ended) return
    this.#next = { ...this.#next, ...change }
    const wait = now ? 0 : this.#drawnAt + EVERY_MS - performance.now()
    if (wait <= 0) this.#draw()
    else this.#timer ??= setTimeout(() => this.#draw(), wait)
  }

  /** Nothing is told any more. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  #draw(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#drawnAt = performance.now()
    this.#value = { ...this.#value, ...this.#next }
    this.#next = {}
    for (const listener of this.#listeners) listener()
  }
}
