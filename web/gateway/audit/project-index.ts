import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { hashOf, withRoom } from './columns.ts'
import type { AuditFilter } from './filter.ts'
import { Rows } from './rows.ts'

/** A record of a project's chain: the seq of its first entry, and what tells it from another of the same name. */
export interface RecordID {
  readonly first: number
  /** Hash of its UID. */
  readonly id: number
}

/** An entry that was found, and the record that holds it. */
export interface Found extends RecordID {
  readonly seq: number
}

/** Of a record, or of its metadata alone: its name is made of its first seq (a rule of the kind). */
export const idOf = ({ metadata }: { metadata: { name: string; uid?: string } }): RecordID => ({
  first: Number(metadata.name.slice('audit-'.length)),
  id: hashOf(metadata.uid ?? ''),
})

export interface Search {
  readonly filter: AuditFilter
  /** Only entries of these agents; those of no agent are left out then. Absent: of all, and of none. */
  readonly agents?: readonly string[] | undefined
  /** Only entries with a smaller seq. */
  readonly before?: number | undefined
  /** Only entries with a greater seq. */
  readonly after?: number
  /** How many are enough. */
  readonly max: number
}

// Fewer than these that were removed are not worth the work of leaving them out.
const fewRecords = 256

/**
 * The chain of one project without what its entries hold: about 50 bytes an entry, so that a whole chain is searched in
 * milliseconds. What was found is to be read, and looked at again (rows.ts says why).
 */
export class ProjectIndex {
  /** Records, sorted as the chain is. */
  #length = 0
  #first = new Float64Array()
  #id = new Uint32Array()
  /** The row of its first entry. They stand in the order in which they came. */
  #start = new Uint32Array()
  /** Entries in it. 0: it was removed. */
  #count = new Uint8Array()
  #removed = 0
  #rows = new Rows()
  #size = 0

  /** Entries. */
  get size(): number {
    return this.#size
  }

  get bytes(): number {
    const columns = [this.#first, this.#id, this.#start, this.#count]
    return columns.reduce((sum, { byteLength }) => sum + byteLength, this.#rows.bytes)
  }

  has({ first, id }: RecordID): boolean {
    const at = this.#lastUpTo(first)
    return this.#isAt(at, first) && this.#count[at] !== 0 && this.#id[at] === id
  }

  /** Every record, from the first one on. */
  records(): RecordID[] {
    const records: RecordID[] = []
    for (let at = 0; at < this.#length; at++) {
      if (this.#count[at] !== 0) records.push({ first: this.#first[at] ?? 0, id: this.#id[at] ?? 0 })
    }
    return records
  }

  /** Adds a record: once, and in place of another of its name. */
  add(record: AuditRecord): void {
    const { entries } = record.spec
    if (this.has(idOf(record)) || entries.length === 0) return
    const at = this.#place(idOf(record), this.#rows.length, entries.length)
    for (const entry of entries) this.#rows.append(entry)
    this.#size += this.#count[at] ?? 0
  }

  /** Removes a record; another of its name stays. */
  remove(record: RecordID): void {
    if (!this.has(record)) return
    this.#empty(this.#lastUpTo(record.first))
    if (this.#removed > fewRecords && this.#removed > this.#length / 4) this.#compact()
  }

  /** Entries that fit, newest first. */
  find({ filter, agents, before = Number.POSITIVE_INFINITY, after = 0, max }: Search): Found[] {
    const fits = this.#rows.test(filter, agents)
    const found: Found[] = []
    for (let at = this.#lastUpTo(before - 1); at >= 0; at--) {
      const first = this.#first[at] ?? 0
      const start = this.#start[at] ?? 0
      for (let i = (this.#count[at] ?? 0) - 1; i >= 0; i--) {
        const seq = first + i
        if (seq <= after) return found
        if (seq >= before || !fits(start + i)) continue
        found.push({ seq, first, id: this.#id[at] ?? 0 })
        if (found.length >= max) return found
      }
    }
    return found
  }

  /** Where the last record stands whose first seq is not greater; -1 for none. */
  #lastUpTo(seq: number): number {
    let [low, high] = [0, this.#length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#first[middle] ?? 0) <= seq) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #isAt(at: number, first: number): boolean {
    return at >= 0 && this.#first[at] === first
  }

  /** Makes a place for a record: nearly always behind all others, but for what came by the watch while the list did. */
  #place({ first, id }: RecordID, start: number, count: number): number {
    let at = this.#lastUpTo(first)
    if (this.#isAt(at, first)) {
      this.#empty(at)
      this.#removed--
    } else {
      at++
      this.#insert(at)
    }
    this.#first[at] = first
    this.#id[at] = id
    this.#start[at] = start
    this.#count[at] = count
    return at
  }

  #insert(at: number): void {
    const length = this.#length + 1
    this.#first = withRoom(this.#first, length)
    this.#id = withRoom(this.#id, length)
    this.#start = withRoom(this.#start, length)
    this.#count = withRoom(this.#count, length)
    for (const column of [this.#first, this.#id, this.#start, this.#count]) {
      column.copyWithin(at + 1, at, this.#length)
    }
    this.#length = length
  }

  #empty(at: number): void {
    if (this.#count[at] !== 0) this.#removed++
    this.#size -= this.#count[at] ?? 0
    this.#count[at] = 0
  }

  /** Leaves out what was removed. */
  #compact(): void {
    const rows = new Rows()
    let to = 0
    for (let at = 0; at < this.#length; at++) {
      const count = this.#count[at] ?? 0
      if (count === 0) continue
      const start = this.#start[at] ?? 0
      this.#first[to] = this.#first[at] ?? 0
      this.#id[to] = this.#id[at] ?? 0
      this.#start[to] = rows.length
      this.#count[to] = count
      for (let i = 0; i < count; i++) rows.copy(this.#rows, start + i)
      to++
    }
    this.#rows = rows
    this.#first = this.#first.slice(0, to)
    this.#id = this.#id.slice(0, to)
    this.#start = this.#start.slice(0, to)
    this.#count = this.#count.slice(0, to)
    this.#length = to
    this.#removed = 0
  }
}
