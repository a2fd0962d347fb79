import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../testing.ts'
import { readChain } from '../check/chain.ts'
import type { Stage } from './stage.ts'

/** What is wrong in a namespace once it has come to rest, in sentences; none if all is well. */
export const faultsOf = async (stage: Stage): Promise<string[]> => {
  const { items } = await adminClient().listAll(auditRecords, { namespace: stage.namespace })
  const faults: string[] = []
  readChain(stage.namespace, items, faults)
  const keys = stage.toolCalls().map(({ idempotencyKey }) => idempotencyKey)
  for (const key of new Set(keys)) {
    const times = keys.filter(one => one === key).length
    if (times > 1) faults.push(`${key} is called ${times} times`)
  }
  return faults
}
