// Builders for tests of the audit log.
import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { recordName } from '../../../operator/audit/chain.ts'

const hash = `sha256:${'0'.repeat(64)}`

/** An entry as the operator writes one, ten seconds after the one before. */
export const anEntry = (seq: number, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  seq,
  time: new Date(Date.UTC(2026, 10, 22, 10) + seq * 10_000).toISOString(),
  action: 'ToolExecuted',
  ...changes,
})

/** The record of these entries. */
export const aRecord = (
  entries: readonly AuditEntry[],
  { namespace = 'shop', uid }: { namespace?: string; uid?: string } = {},
): AuditRecord => {
  const first = entries[0]?.seq ?? 1
  return {
    metadata: {
      name: recordName(first),
      namespace,
      uid: uid ?? `${namespace}-${first}`,
      resourceVersion: String(first),
    },
    spec: { entries: [...entries], hash, ...(first > 1 ? { prevHash: hash } : {}) },
  }
}

/** A chain of `count` entries, `perRecord` to a record. */
export const aChain = (
  count: number,
  perRecord = 1,
  entry: (seq: number) => AuditEntry = anEntry,
): AuditRecord[] => {
  const records: AuditRecord[] = []
  for (let first = 1; first <= count; first += perRecord) {
    const size = Math.min(perRecord, count - first + 1)
    records.push(aRecord(Array.from({ length: size }, (_, i) => entry(first + i))))
  }
  return records
}
