import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import { digest } from '../../../operator/policy/canonical.ts'

/** An entry of the audit log, with the key under which it was recorded. */
export interface Recorded {
  readonly key: string
  readonly entry: AuditEntry
}

/** The entries of a project, in order; what is wrong with the chain is added to `faults`. */
export const readChain = (
  namespace: string,
  records: readonly AuditRecord[],
  faults: string[],
): readonly Recorded[] => {
  const sorted = records
    .filter(({ metadata }) => metadata.namespace === namespace)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const all: Recorded[] = []
  let before: string | undefined
  for (const { metadata, spec } of sorted) {
    const { entries, prevHash, hash } = spec
    const say = (what: string) => faults.push(`audit record ${metadata.name} in ${namespace} ${what}`)
    if (prevHash !== before) say('does not name the hash of the one before')
    const body = { project: namespace, entries, ...(prevHash === undefined ? {} : { prevHash }) }
    if (digest(body) !== hash) say('has a hash that is not of what it says')
    if (metadata.name !== `audit-${String(all.length + 1).padStart(12, '0')}`) say('has the wrong number')
    const keys = (metadata.annotations?.[ANNOTATIONS.auditKeys] ?? '').split(',')
    if (keys.length !== entries.length) say('names another number of keys than it has entries')
    for (const [index, entry] of entries.entries()) {
      if (entry.seq !== all.length + 1) say(`has entry ${entry.seq} where ${all.length + 1} should be`)
      all.push({ key: keys[index] ?? '', entry })
    }
    before = hash
  }
  const seen = new Set<string>()
  for (const { key, entry } of all) {
    if (seen.has(key)) faults.push(`${entry.action} of ${entry.run} in ${namespace} is recorded twice`)
    seen.add(key)
  }
  return all
}
