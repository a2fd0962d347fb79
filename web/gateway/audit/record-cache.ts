import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { recordName } from '../../../operator/audit/chain.ts'
import { idOf, type RecordID } from './project-index.ts'
import { Turns } from './turns.ts'

/** Asks the API server for a record; undefined where there is none. */
export type LoadRecord = (namespace: string, name: string) => Promise<AuditRecord | undefined>

export interface RecordCacheOptions {
  readonly load: LoadRecord
  /** Characters of JSON that are kept, about. Objects take two or three times that. */
  readonly maxSize?: number
  /** Records that are asked for at once. */
  readonly atOnce?: number
}

interface Kept {
  readonly record: AuditRecord
  readonly id: number
  readonly size: number
}

const defaultMaxSize = 24 * 1024 * 1024
const defaultAtOnce = 32

/**
 * The records that were read last, or came last: what was used longest ago goes first. They never change, so one that is
 * here is true for as long as it exists, which whoever asks knows. Those who ask for the same one share one question.
 */
export class RecordCache {
  readonly #options: RecordCacheOptions
  readonly #kept = new Map<string, Kept>()
  readonly #asked = new Map<string, Promise<AuditRecord | undefined>>()
  readonly #turns: Turns
  #size = 0

  constructor(options: RecordCacheOptions) {
    this.#options = options
    this.#turns = new Turns(options.atOnce ?? defaultAtOnce)
  }

  /** Characters of JSON that are kept. */
  get size(): number {
    return this.#size
  }

  /** This very record, not another of its name; undefined where it is gone. Rejects as `load` does. */
  async read(namespace: string, { first, id }: RecordID): Promise<AuditRecord | undefined> {
    const name = recordName(first)
    const key = `${namespace}/${name}`
    const kept = this.#kept.get(key)
    if (kept?.id === id) {
      this.#kept.delete(key)
      this.#kept.set(key, kept)
      return kept.record
    }
    const found = await this.#ask(key, namespace, name)
    return found !== undefined && idOf(found).id === id ? found : undefined
  }

  /** Keeps one that came by itself. */
  put(record: AuditRecord): void {
    const { name, namespace = '' } = record.metadata
    const key = `${namespace}/${name}`
    this.#drop(key)
    const size = JSON.stringify(record).length
    this.#kept.set(key, { record, id: idOf(record).id, size })
    this.#size += size
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= (this.#options.maxSize ?? defaultMaxSize)) break
      this.#drop(oldest)
    }
  }

  /** Forgets one that is gone. */
  drop(namespace: string, { first }: RecordID): void {
    this.#drop(`${namespace}/${recordName(first)}`)
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#size -= kept.size
  }

  #ask(key: string, namespace: string, name: string): Promise<AuditRecord | undefined> {
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked
    const asking = this.#turns
      .run(() => this.#options.load(namespace, name))
      .then(record => {
        if (record !== undefined) this.put(record)
        return record
      })
      .finally(() => void this.#asked.delete(key))
    this.#asked.set(key, asking)
    return asking
  }
}
