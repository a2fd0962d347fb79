import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import type { Client, ListOptions } from '../../../kube/client.ts'
import { withoutManagedFields } from '../../../kube/store.ts'
import type { KubeList, KubeObject } from '../../../kube/types.ts'
import { idOf, ProjectIndex, type RecordID } from './project-index.ts'
import type { RecordCache } from './record-cache.ts'

export interface ChainOptions {
  readonly namespace: string
  /** The gateway's own. */
  readonly client: Client
  readonly records: RecordCache
}

const pageSize = 250
const pageTimeoutMs = 60_000
/** What was missed is read one by one, unless it is more than this. */
const fewMissed = 500

const keyOf = ({ first, id }: RecordID): string => `${first} ${id}`

/**
 * One project's chain, as an index that is kept equal to it. It is read while what happens is applied: whatever the watch
 * brings is true, and a page may be older than that, so it must not bring back what is gone.
 */
export class Chain {
  readonly #options: ChainOptions
  #index = new ProjectIndex()
  /** Whether all of it has been read once. */
  #wasRead = false
  /** While it is read: records that were removed since that began. */
  #removed: Set<string> | undefined

  constructor(options: ChainOptions) {
    this.#options = options
  }

  get index(): ProjectIndex {
    return this.#index
  }

  /** As the watch brought it: it is there. */
  add(record: AuditRecord): void {
    const kept = withoutManagedFields(record)
    this.#index.add(kept)
    this.#options.records.put(kept)
  }

  /** As the watch brought it: it is gone. */
  remove(record: AuditRecord): void {
    const id = idOf(record)
    this.#removed?.add(keyOf(id))
    this.#index.remove(id)
    this.#options.records.drop(this.#options.namespace, id)
  }

  /**
   * Makes the index equal to the chain as it is now. Everything that happens from the beginning of this on must be applied,
   * too; what was missed before is found. Rejects as the client does: then it is to be read again.
   */
  async read(signal: AbortSignal): Promise<void> {
    this.#removed = new Set()
    try {
      if (!this.#wasRead || !(await this.#compare(signal))) await this.#readAll(signal)
      this.#wasRead = true
    } finally {
      this.#removed = undefined
    }
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    this.#wasRead = false
    this.#index = new ProjectIndex()
    const { client } = this.#options
    for await (const page of this.#pages(options => client.list(auditRecords, options), signal)) {
      for (const record of page) if (!this.#removed?.has(keyOf(idOf(record)))) this.add(record)
    }
  }

  /** Looks at names only. False where too much was missed to be read one by one. */
  async #compare(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, records } = this.#options
    // What is added from here on by the watch may not be in the list.
    const before = this.#index.records()
    const there = new Set<string>()
    const missed: RecordID[] = []
    for await (const page of this.#pages(options => client.listMetadataPage(auditRecords, options), signal)) {
      for (const id of page.map(idOf)) {
        there.add(keyOf(id))
        if (!this.#index.has(id)) missed.push(id)
      }
      if (missed.length > fewMissed) return false
    }
    for (const id of before) {
      if (there.has(keyOf(id))) continue
      this.#index.remove(id)
      records.drop(namespace, id)
    }
    for (const record of await Promise.all(missed.map(id => records.read(namespace, id)))) {
      if (record !== undefined && !this.#removed?.has(keyOf(idOf(record)))) this.#index.add(record)
    }
    return true
  }

  async *#pages<T extends KubeObject>(
    list: (options: ListOptions) => Promise<KubeList<T>>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly T[]> {
    const options = { namespace: this.#options.namespace, limit: pageSize, timeoutMs: pageTimeoutMs, signal }
    let next: string | undefined
    do {
      const page = await list({ ...options, ...(next === undefined ? {} : { continue: next }) })
      yield page.items
      next = page.continue
    } while (next !== undefined)
  }
}
