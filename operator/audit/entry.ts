import type { AuditAction } from '../../crds/v1alpha1/audit-actions.ts'
import type { AuditEntry } from '../../crds/v1alpha1/auditrecord.ts'
import { digest } from '../policy/canonical.ts'

/** Something to be recorded, before it has a place in the chain. */
export interface NewEntry {
  /**
   * What this entry records, once and for all (`auditKey`): an entry whose key is already in the chain is not
   * written again, so that whoever finds the work half done after a crash may simply ask again.
   */
  readonly key: string
  readonly entry: Omit<AuditEntry, 'seq' | 'time'>
}

/**
 * A short name for one thing that can happen once: 16 hex digits over the action and the identity (a UID, and a
 * call ID where there is one) of what it happened to.
 */
export const auditKey = (action: AuditAction, ...identity: readonly (string | number)[]): string =>
  digest([action, ...identity]).slice('sha256:'.length, 'sha256:'.length + 16)
