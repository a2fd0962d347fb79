import type { AuditAction } from '../../../crds/v1alpha1/audit-actions.ts'

/** What stands between the names of several actors. A name may hold it, too: "Doe, Jane" is one person. */
const separator = ', '

/** Of these actions several people may be the actors: they decided together. Of all others `actor` is one name. */
const decidedTogether: ReadonlySet<AuditAction> = new Set(['ApprovalApproved', 'ApprovalRejected'])

/** Whether an entry's `actor` may be several names. */
export const mayBeSeveral = (action: AuditAction): boolean => decidedTogether.has(action)

/**
 * Whether `name` is who did it, or among those who did. Nothing is split, as names may hold what stands between them:
 * `name` is looked for as a whole, between beginnings and ends of names. So nobody's decision is ever missed.
 */
export function isActor(actor: string | undefined, several: boolean, name: string): boolean {
  if (actor === undefined || name === '') return false
  if (actor === name) return true
  if (!several) return false
  for (let at = actor.indexOf(name); at >= 0; at = actor.indexOf(name, at + 1)) {
    const end = at + name.length
    const begins = at === 0 || actor.startsWith(separator, at - separator.length)
    if (begins && (end === actor.length || actor.startsWith(separator, end))) return true
  }
  return false
}
