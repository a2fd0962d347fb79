import { encodePosition, newestFirst, type Position } from './position.ts'

/** A page of a list. `continue` is there when more items follow. */
export interface Page<Item> {
  readonly items: Item[]
  readonly continue?: string
}

interface Kept<Item> {
  readonly at: Position
  readonly item: Item
}

/** Characters of JSON, about: a run with a long trace is a megabyte, and 500 of them would take the gateway's memory. */
export const maxPageSize = 8 * 1024 * 1024

/**
 * Picks one page, newest first, out of items that come in any order, holding no more than a few pages at a time: the
 * API server lists by name only.
 */
export class Newest<Item> {
  readonly #limit: number
  readonly #after: Position | undefined
  #kept: Kept<Item>[] = []

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

  /** At most `limit` items, and no more than can be answered at once; one at least, however large. */
  page(): Page<Item> {
    this.#trim()
    const kept: Kept<Item>[] = []
    let size = 0
    for (const one of this.#kept.slice(0, this.#limit)) {
      size += JSON.stringify(one.item).length
      if (kept.length > 0 && size > maxPageSize) break
      kept.push(one)
    }
    const last = kept.at(-1)
    return {
      items: kept.map(({ item }) => item),
      ...(this.#kept.length > kept.length && last ? { continue: encodePosition(last.at) } : {}),
    }
  }

  /** One more than the page is kept: it tells that there is a next one. */
  #trim(): void {
    this.#kept.sort((a, b) => newestFirst(a.at, b.at))
    this.#kept.length = Math.min(this.#kept.length, this.#limit + 1)
  }
}
