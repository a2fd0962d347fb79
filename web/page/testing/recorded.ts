// Entries of the audit log, written as the operator writes them.
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { auditKey } from '../../../operator/audit/entry.ts'
import { createAuditWriter } from '../../../operator/audit/writer.ts'
import { operatorClient } from '../../../operator/testing/world.ts'

type Told = Omit<AuditEntry, 'seq' | 'time'> & { readonly time?: string }

/** Appends these to a project's chain, in order, beside whatever operator writes to it. */
export async function record(namespace: string, entries: readonly Told[]): Promise<void> {
  const writer = createAuditWriter({ client: operatorClient(), clock: { now: () => Date.now() } as never })
  const once = crypto.randomUUID()
  await writer.append(
    namespace,
    entries.map((entry, i) => ({ key: auditKey(entry.action, once, i), entry })),
  )
}
