import type { Approval } from '../api/types.ts'

interface Entry {
  readonly item: Approval
  /** Its deadline in milliseconds: a date is read once, not at each comparison. */
  readonly at: number
}

const before = (a: Entry, b: Entry): boolean => (a.at === b.at ? a.item.name < b.item.name : a.at < b.at)

/** What waits, nearest deadline first. One more costs a search, not a sort: ten thousand may wait and a hundred a second come. */
export class Pending {
  readonly #byName = new Map<string, Entry>()
  #sorted: Entry[] = []
  #list: readonly Approval[] | undefined

  get size(): number {
    return this.#sorted.length
  }

  find(name: string): Approval | undefined {
    return this.#byName.get(name)?.item
  }

  /** A new array whenever something changed, otherwise the same one. */
  list(): readonly Approval[] {
    this.#list ??= this.#sorted.map(({ item }) => item)
    return this.#list
  }

  /** Of two readings of the same request the one with more decisions is the later. */
  put(item: Approval): void {
    const known = this.#byName.get(item.name)
    if (known?.item.uid === item.uid && known.item.decisions.length > item.decisions.length) return
    this.delete(item.name)
    const entry = { item, at: Date.parse(item.expiresAt) }
    this.#byName.set(item.name, entry)
    this.#sorted.splice(this.#placeOf(entry), 0, entry)
    this.#list = undefined
  }

  delete(name: string): void {
    const entry = this.#byName.get(name)
    if (entry === undefined) return
    this.#byName.delete(name)
    this.#sorted.splice(this.#placeOf(entry), 1)
    this.#list = undefined
  }

  /** These and no others. */
  replace(items: Iterable<Approval>): void {
    this.#byName.clear()
    for (const item of items) this.#byName.set(item.name, { item, at: Date.parse(item.expiresAt) })
    this.#sorted = [...this.#byName.values()].sort((a, b) => (before(a, b) ? -1 : 1))
    this.#list = undefined
  }

  /** Where it stands, or would stand. */
  #placeOf(entry: Entry): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (before(this.#sorted[middle] as Entry, entry)) low = middle + 1
      else high = middle
    }
    return low
  }
}
