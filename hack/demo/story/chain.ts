// Verifies a project's audit records with nothing of the operator's own code, as an auditor would.
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'

/** What was found out about a chain: its entries in order, or the first thing that is wrong with it. */
export type Verified =
  | { readonly ok: true; readonly entries: readonly AuditEntry[] }
  | { readonly ok: false; readonly wrong: string }

/**
 * Checks that entries are numbered from 1 without gaps, that each record names the hash of the one before it, and
 * that each hash is SHA-256 over the RFC 8785 form of `{project, entries, prevHash}` (design of AuditRecord).
 */
export const verifyChain = (project: string, records: readonly AuditRecord[]): Verified => {
  const entries: AuditEntry[] = []
  let prevHash: string | undefined
  const wrong = (record: AuditRecord, what: string): Verified => ({
    ok: false,
    wrong: `${record.metadata.name}: ${what}`,
  })
  for (const record of records.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))) {
    const { spec } = record
    for (const entry of spec.entries) {
      if (entry.seq !== entries.length + 1) {
        return wrong(record, `entry ${entries.length + 1} was expected, and ${entry.seq} found`)
      }
      entries.push(entry)
    }
    if (spec.prevHash !== prevHash) return wrong(record, 'prevHash is not the hash of the record before it')
    const hash = hashOf(
      prevHash === undefined
        ? { project, entries: spec.entries }
        : { project, entries: spec.entries, prevHash },
    )
    if (spec.hash !== hash) return wrong(record, `its hash is ${spec.hash}, and should be ${hash}`)
    prevHash = spec.hash
  }
  return { ok: true, entries }
}

const hashOf = (value: unknown): string =>
  `sha256:${createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex')}`
