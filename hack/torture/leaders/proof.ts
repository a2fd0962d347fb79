import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { keysOf, recordHash } from '../../../operator/audit/chain.ts'
import { adminClient } from '../../testing.ts'
import type { ToolCall } from '../check/evidence.ts'
import type { Stage } from './stage.ts'

/** What is wrong in a namespace once it has come to rest, in sentences; none if all is well. */
export const faultsOf = async (stage: Stage): Promise<string[]> => {
  const { items } = await adminClient().listAll(auditRecords, { namespace: stage.namespace })
  const records = items.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  return [
    ...twice('called', stage.toolCalls().map(keyOfCall)),
    ...twice(
      'recorded',
      records.flatMap(({ metadata }) => keysOf(metadata.annotations)),
    ),
    ...faultsOfChain(stage.namespace, records),
  ]
}

const keyOfCall = ({ idempotencyKey }: ToolCall): string => idempotencyKey

const twice = (what: string, keys: readonly string[]): string[] =>
  [...new Set(keys)].flatMap(key => {
    const times = keys.filter(one => one === key).length
    return times > 1 ? [`${key} is ${what} ${times} times`] : []
  })

const faultsOfChain = (namespace: string, records: readonly AuditRecord[]): string[] => {
  const faults: string[] = []
  let seq = 0
  let hash: string | undefined
  for (const { metadata, spec } of records) {
    if (spec.prevHash !== hash) faults.push(`${metadata.name} does not follow the record before it`)
    if (spec.hash !== recordHash(namespace, spec.entries, spec.prevHash))
      faults.push(`${metadata.name} does not have its hash`)
    for (const entry of spec.entries) {
      seq++
      if (entry.seq !== seq) faults.push(`${metadata.name}: entry ${entry.seq} stands where ${seq} belongs`)
    }
    hash = spec.hash
  }
  return faults
}
