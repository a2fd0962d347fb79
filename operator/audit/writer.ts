import type { AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import { auditRecords } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import { ApiError, isAlreadyExists, isNamespaceTerminating, isNotFound } from '../../kube/errors.ts'
import type { Clock } from '../../kube/types.ts'
import { storedBytes } from '../stored-size.ts'
import { EMPTY, type Head, headAfter, keysOf, MAX_ENTRIES, nextRecord, recordName } from './chain.ts'
import type { NewEntry } from './entry.ts'

/** How an append ended. In a namespace that is being deleted nothing can be recorded any more. */
export type Appended = 'Recorded' | 'NamespaceTerminating'

/** The audit log could not be written. The message names no more of the cause than its kind. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable'
  constructor(cause: unknown) {
    const why =
      cause instanceof ApiError
        ? `${cause.code} ${cause.reason}`
        : cause instanceof Error
          ? cause.name
          : 'no answer'
    super(`the audit log cannot be written (${why})`, { cause })
  }
}

/** Appends to the audit log. Rejects with AuditUnavailable when that failed: then the effect must not happen. */
export interface AuditWriter {
  /** Entries are recorded in the order given; those whose key is in the chain already are left out. */
  append(namespace: string, entries: readonly NewEntry[]): Promise<Appended>
  /** Whether the chain holds this key, as far as this process knows. */
  has(namespace: string, key: string): boolean
}

interface Waiting {
  readonly entries: readonly NewEntry[]
  readonly resolve: (result: Appended) => void
  readonly reject: (error: unknown) => void
}

/** The chain of one project as this process knows it. */
interface Chain {
  head: Head | undefined
  readonly keys: Set<string>
  waiting: Waiting[]
  writing: boolean
}

/**
 * Creates the writer of a process. There is one chain a project and one append in flight for each; what arrives
 * meanwhile shares the next record. The fence against a second writer is the record's name: whoever comes second
 * gets AlreadyExists, reads what the first one wrote, and goes on behind it.
 */
export const createAuditWriter = (deps: {
  readonly client: Client
  readonly clock: Clock
  /** Called with each record written, by this process, in order. */
  readonly onRecord?: (record: AuditRecord) => void
}): AuditWriter => {
  const { client, clock } = deps
  const chains = new Map<string, Chain>()

  const chainOf = (namespace: string): Chain => {
    const known = chains.get(namespace)
    if (known) return known
    const chain: Chain = { head: undefined, keys: new Set(), waiting: [], writing: false }
    chains.set(namespace, chain)
    return chain
  }

  const learn = (chain: Chain, record: AuditRecord) => {
    for (const key of keysOf(record.metadata.annotations)) chain.keys.add(key)
    chain.head = headAfter(record)
  }

  /** Finds the end of the chain: names sort as the chain does, and the keys are in the metadata. */
  const load = async (namespace: string, chain: Chain): Promise<Head> => {
    const { items } = await client.listMetadata(auditRecords, { namespace })
    for (const item of items) for (const key of keysOf(item.metadata.annotations)) chain.keys.add(key)
    const last = items
      .map(item => item.metadata.name)
      .sort()
      .at(-1)
    if (last !== undefined) learn(chain, await client.get(auditRecords, { namespace, name: last }))
    return followChain(namespace, chain, chain.head ?? EMPTY)
  }

  /** Reads what another writer has put behind `head`. */
  const followChain = async (namespace: string, chain: Chain, head: Head): Promise<Head> => {
    for (let end = head; ; ) {
      const next = await client.find(auditRecords, { namespace, name: recordName(end.seq + 1) })
      if (!next) {
        chain.head = end
        return end
      }
      learn(chain, next)
      end = headAfter(next)
    }
  }

  /** Writes what the chain lacks of `entries`, in as few records as hold it. */
  const write = async (namespace: string, chain: Chain, entries: readonly NewEntry[]): Promise<void> => {
    for (let head = chain.head ?? (await load(namespace, chain)); ; head = chain.head ?? head) {
      const next = takeEntries(entries.filter(({ key }) => !chain.keys.has(key)))
      if (next.length === 0) return
      const time = new Date(clock.now()).toISOString()
      const record = nextRecord(
        namespace,
        head,
        next.map(({ entry }) => ({ time, ...entry })),
        next.map(({ key }) => key),
      )
      try {
        // Whatever is done waits for its record.
        learn(chain, await client.create(auditRecords, record, { urgency: 'High' }))
        deps.onRecord?.(record)
      } catch (error) {
        if (!isAlreadyExists(error)) throw error
        // Another writer, or our own create whose answer was lost: what stands there decides.
        await followChain(namespace, chain, head)
      }
    }
  }

  const drain = async (namespace: string, chain: Chain): Promise<void> => {
    while (chain.waiting.length > 0) {
      const { batch, entries } = takeBatch(chain)
      try {
        await write(namespace, chain, entries)
        for (const waiting of batch) waiting.resolve('Recorded')
      } catch (error) {
        // Where the record may stand all the same (a lost answer), the end is found anew before the next append.
        if (!isRefusal(error)) chain.head = undefined
        const gone = isNamespaceTerminating(error) || isNamespaceGone(error)
        for (const waiting of batch) {
          if (gone) waiting.resolve('NamespaceTerminating')
          else waiting.reject(new AuditUnavailable(error))
        }
      }
    }
    chain.writing = false
  }

  return {
    append: (namespace, entries) => {
      const chain = chainOf(namespace)
      if (entries.every(({ key }) => chain.keys.has(key))) return Promise.resolve('Recorded')
      return new Promise((resolve, reject) => {
        chain.waiting.push({ entries, resolve, reject })
        if (chain.writing) return
        chain.writing = true
        void drain(namespace, chain)
      })
    },
    has: (namespace, key) => chainOf(namespace).keys.has(key),
  }
}

const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.code < 500

/** The namespace is gone altogether, not only being deleted. */
const isNamespaceGone = (error: unknown): boolean =>
  isNotFound(error) && (error as ApiError).details.kind === 'namespaces'

/** Takes what waits, as far as one record holds it (always at least one append), without repeated keys. */
const takeBatch = (chain: Chain): { batch: Waiting[]; entries: NewEntry[] } => {
  const batch: Waiting[] = []
  const entries = new Map<string, NewEntry>()
  let size = 0
  for (const waiting of chain.waiting) {
    const more = waiting.entries.filter(({ key }) => !entries.has(key))
    const moreSize = storedBytes(more.map(({ entry }) => entry))
    if (batch.length > 0 && (entries.size + more.length > MAX_ENTRIES || size + moreSize > MAX_BYTES)) break
    batch.push(waiting)
    for (const one of more) entries.set(one.key, one)
    size += moreSize
  }
  chain.waiting = chain.waiting.slice(batch.length)
  return { batch, entries: [...entries.values()] }
}

/** The first of `entries`, as far as one record holds them (always at least one): what one append brings may be too much for one. */
const takeEntries = (entries: readonly NewEntry[]): readonly NewEntry[] => {
  let size = 0
  for (const [index, { entry }] of entries.entries()) {
    size += storedBytes(entry)
    if (index > 0 && (index === MAX_ENTRIES || size > MAX_BYTES)) return entries.slice(0, index)
  }
  return entries
}

/** A record stays well under what etcd takes, however large its entries' params are. */
const MAX_BYTES = 400_000
