import { encodePosition, newestFirst, type Position } from './position.ts'

/** A page of a list. `continue` is there when more items follow. */
export interface Page<Item> {
  readonly items: Item[]
  readonly continue?: string
}

/**
 * Picks one page, newest first, out of items that come in any order, holding no more than a few pages at a time: the
 * API server lists by name only.
 */
export class Newest<Item> {
  readonly #limit: number
  readonly #after: Position | undefined
  #kept: { readonly at: Position; readonly item: Item }[] = []

  /** `after`: the position of the last item of the page before. */
  constructor(limit: number, after?: Position) {
    this.#limit = limit
    this.#after = after
  }

  /** `item` is made only where it may be part of the page. */
  offer(at: Position, item: () => Item): void {
    if (this.#after !== undefined && newestFirst(this.#after, at) >= 0) return
    this.#kept.push({ at, item: item() })
    if (this.#kept.length > 2 * (this.#limit + 1)) this.#trim()
  }

  page(): Page<Item> {
    this.#trim()
    const kept = this.#kept.slice(0, this.#limit)
    const last = kept.at(-1)
    return {
      items: kept.map(({ item }) => item),
      ...(this.#kept.length > this.#limit && last ? { continue: encodePosition(last.at) } : {}),
    }
  }

  /** One more than the page is kept: it tells that there is a next one. */
  #trim(): void {
    this.#kept.sort((a, b) => newestFirst(a.at, b.at))
    this.#kept.length = Math.min(this.#kept.length, this.#limit + 1)
  }
}
