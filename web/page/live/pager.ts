import type { Page } from '../api/types.ts'

/** What is known of a list; a new object whenever it changes. */
export interface Pages<T> {
  /** Everything read so far, in order; undefined until the first page has come. */
  readonly items: readonly T[] | undefined
  /** Whether more follow. */
  readonly more: boolean
  /** What is being read: the beginning, what follows, or the beginning once more. */
  readonly reading: 'First' | 'More' | 'Again' | undefined
  /** Why the last reading failed. The items that are there are still shown, and may be old. */
  readonly error: Error | undefined
}

export interface Source<T> {
  /** One page: the first, or that after `next`. */
  read(next: string | undefined, signal: AbortSignal): Promise<Page<T>>
  /** The order of the list: negative where `a` stands before `b`, 0 where they are the same item. */
  compare(a: T, b: T): number
}

/** As long as a beginning may be away from what is known before its place is given up. */
const MOST_PAGES_BETWEEN = 5
const LONGEST_REST_MS = 5000

/**
 * Reads a list by pages, as far as somebody wants it, and keeps its beginning up to date: one reading at a time, and
 * the beginning at most once in `restMs`, however often it is told that something happened.
 */
export class Pager<T> {
  #state: Pages<T> = { items: undefined, more: false, reading: undefined, error: undefined }
  #next: string | undefined
  #due = false
  #resting: ReturnType<typeof setTimeout> | undefined
  #failed: 'First' | 'More' | 'Again' | undefined
  readonly #listeners = new Set<() => void>()
  readonly #stop = new AbortController()
  readonly #source: Source<T>
  readonly #restMs: number

  constructor(source: Source<T>, restMs = 400) {
    this.#source = source
    this.#restMs = restMs
  }

  readonly snapshot = (): Pages<T> => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads the first page; returns the end of all reading. */
  start(): () => void {
    void this.#run('First')
    return () => {
      clearTimeout(this.#resting)
      this.#stop.abort()
    }
  }

  /** Reads the page that follows. */
  readonly more = (): void => {
    if (this.#state.reading === undefined && this.#next !== undefined) void this.#run('More')
  }

  /** Something happened: the beginning is read again. */
  readonly refresh = (): void => {
    this.#due = true
    this.#refreshIfDue()
  }

  /** Does again what failed. */
  readonly retry = (): void => {
    if (this.#state.reading === undefined && this.#failed !== undefined) void this.#run(this.#failed)
  }

  /** Puts what is known of an item in its place; undefined: it is gone. */
  replace(change: (item: T) => T | undefined): void {
    const { items } = this.#state
    if (items === undefined) return
    const changed = items.map(change)
    if (changed.some((item, i) => item !== items[i])) {
      this.#set({ items: changed.filter(item => item !== undefined) })
    }
  }

  #refreshIfDue(): void {
    const { reading, items } = this.#state
    if (!this.#due || reading !== undefined || this.#resting !== undefined || this.#stop.signal.aborted)
      return
    void this.#run(items === undefined ? 'First' : 'Again')
  }

  async #run(what: 'First' | 'More' | 'Again'): Promise<void> {
    if (what !== 'More') this.#due = false
    this.#set({ reading: what })
    const begun = performance.now()
    try {
      const change = what === 'Again' ? await this.#readAgain() : await this.#readOn()
      this.#failed = undefined
      this.#set({ ...change, more: this.#next !== undefined, reading: undefined, error: undefined })
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#failed = what
      this.#set({ reading: undefined, error: error as Error })
    }
    this.#rest(performance.now() - begun)
  }

  /** Longer where reading takes long: whoever is slow is not asked more. */
  #rest(tookMs: number): void {
    if (this.#stop.signal.aborted) return
    clearTimeout(this.#resting)
    this.#resting = setTimeout(
      () => {
        this.#resting = undefined
        this.#refreshIfDue()
      },
      Math.min(LONGEST_REST_MS, Math.max(this.#restMs, 3 * tookMs)),
    )
  }

  async #readOn(): Promise<Pick<Pages<T>, 'items'>> {
    const page = await this.#read(this.#next)
    this.#next = page.continue
    return { items: [...(this.#state.items ?? []), ...page.items] }
  }

  /** The beginning as it is now, and behind it what was known of the rest. */
  async #readAgain(): Promise<Pick<Pages<T>, 'items'>> {
    const known = this.#state.items ?? []
    const fresh: T[] = []
    let next: string | undefined
    for (let pages = 0; pages < MOST_PAGES_BETWEEN; pages++) {
      const page = await this.#read(next)
      fresh.push(...page.items)
      next = page.continue
      const [first, last] = [known[0], fresh.at(-1)]
      if (next === undefined || first === undefined) break
      // It reaches what is known: nothing is missing between.
      if (last !== undefined && this.#source.compare(first, last) <= 0) {
        const rest = known.filter(item => this.#source.compare(last, item) < 0)
        if (rest.length === 0) break
        return { items: [...fresh, ...rest] }
      }
    }
    this.#next = next
    return { items: fresh }
  }

  async #read(next: string | undefined): Promise<Page<T>> {
    const page = await this.#source.read(next, this.#stop.signal)
    this.#stop.signal.throwIfAborted()
    return page
  }

  #set(change: Partial<Pages<T>>): void {
    if (this.#stop.signal.aborted) return
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}
