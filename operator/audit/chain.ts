import type { AuditEntry, AuditRecord } from '../../crds/v1alpha1/auditrecord.ts'
import { ANNOTATIONS, API_VERSION, LABELS } from '../../crds/v1alpha1/meta.ts'
import { digest } from '../policy/canonical.ts'

/** The end of a project's chain: the seq of its last entry, and the hash of its last record. */
export interface Head {
  readonly seq: number
  readonly hash: string | undefined
}

export const EMPTY: Head = { seq: 0, hash: undefined }

/** Entries that one record may hold. */
export const MAX_ENTRIES = 100

/** Kinds whose changes are looked for in the records of a process before (controllers/changes). */
const CHANGED = ['Agent', 'Project']

/** `audit-` and the record's first seq in twelve digits, so that names sort as the chain does. */
export const recordName = (firstSeq: number): string => `audit-${String(firstSeq).padStart(12, '0')}`

/** The hash of a record: SHA-256 over the RFC 8785 form of `{project, entries, prevHash}` (design.md section 2). */
export const recordHash = (
  project: string,
  entries: readonly AuditEntry[],
  prevHash: string | undefined,
): string => digest(prevHash === undefined ? { project, entries } : { project, entries, prevHash })

/**
 * The record that follows `head`. `entries` are numbered from `head.seq + 1`; `keys` say what they record, so
 * that a writer that starts later can tell without reading the entries.
 */
export const nextRecord = (
  project: string,
  head: Head,
  entries: readonly Omit<AuditEntry, 'seq'>[],
  keys: readonly string[],
): AuditRecord => {
  const numbered = entries.map((entry, index) => ({ seq: head.seq + 1 + index, ...entry }))
  const hash = recordHash(project, numbered, head.hash)
  return {
    apiVersion: API_VERSION,
    kind: 'AuditRecord',
    metadata: {
      name: recordName(head.seq + 1),
      namespace: project,
      ...(numbered.some(({ object }) => object && CHANGED.includes(object.kind))
        ? { labels: { [LABELS.changes]: 'true' } }
        : {}),
      annotations: { [ANNOTATIONS.auditKeys]: keys.join(',') },
    },
    spec: { entries: numbered, ...(head.hash === undefined ? {} : { prevHash: head.hash }), hash },
  }
}

/** Where the chain ends after `record`. */
export const headAfter = (record: AuditRecord): Head => ({
  seq: record.spec.entries.at(-1)?.seq ?? 0,
  hash: record.spec.hash,
})

/** The keys that a record's annotation names. */
export const keysOf = (annotations: Readonly<Record<string, string>> | undefined): string[] =>
  (annotations?.[ANNOTATIONS.auditKeys] ?? '').split(',').filter(key => key !== '')
