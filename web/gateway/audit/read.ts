import { coversAgent } from '../access/scope.ts'
import type { Scope } from '../credentials.ts'
import type { PageQuery } from '../lists/list.ts'
import { maxPageSize, type Page } from '../lists/newest.ts'
import { decodePosition, encodePosition } from '../lists/position.ts'
import { type AuditFilter, matches } from './filter.ts'
import type { AuditItem } from './item.ts'
import type { ProjectIndex } from './project-index.ts'
import type { RecordCache } from './record-cache.ts'

/** Where a page is read from. */
export interface AuditSource {
  readonly namespace: string
  readonly index: ProjectIndex
  readonly records: Pick<RecordCache, 'read'>
  readonly signal?: AbortSignal
}

/** Records are read so many at a time: what is held at once stays small, however large they are. */
const batch = 64

/** The `continue` of a page, as the seq of its last entry. Throws the problem `Invalid`. */
export const seqOf = (token: string | undefined): number | undefined =>
  token === undefined ? undefined : (decodePosition(token, ['number'])[0] as number)

/**
 * One page of entries, newest first. The index says where to look; whether an entry is asked for, and is for this credential,
 * is said by the entry itself. Rejects as the API server does where a record cannot be read.
 */
export async function readPage(
  { namespace, index, records, signal }: AuditSource,
  scope: Scope,
  filter: AuditFilter,
  { limit, continue: token }: PageQuery,
): Promise<Page<AuditItem>> {
  const items: AuditItem[] = []
  let size = 0
  let before = seqOf(token)
  for (;;) {
    signal?.throwIfAborted()
    // One more than the page: it tells that there is a next one.
    const max = Math.min(limit + 1 - items.length, batch)
    const found = index.find({ filter, agents: scope.agents, before, max })
    const read = await Promise.all(found.map(one => records.read(namespace, one)))
    for (const [i, { seq }] of found.entries()) {
      before = seq
      const record = read[i]
      const entry = record?.spec.entries.find(one => one.seq === seq)
      // Removed meanwhile, or another that shares a hash with what was asked for.
      if (record === undefined || entry === undefined) continue
      if (!matches(entry, filter) || !coversAgent(scope, entry.agent)) continue
      size += JSON.stringify(entry).length
      const last = items.at(-1)
      if (last !== undefined && (items.length === limit || size > maxPageSize)) {
        return { items, continue: encodePosition([last.seq]) }
      }
      items.push({ ...entry, record: record.metadata.name })
    }
    if (found.length < max) return { items }
  }
}
