import type { Condition } from '../../crds/v1alpha1/common.ts'
import { cutText } from '../policy/json.ts'

/** A condition without what follows from where it is put. */
export interface ConditionInput {
  readonly type: string
  readonly status: Condition['status']
  readonly reason: string
  readonly message: string
}

/**
 * The list with `inputs` put in by type. `lastTransitionTime` moves only when `status` changes, so that writing
 * the same again changes nothing.
 */
export const setConditions = (
  before: readonly Condition[] | undefined,
  inputs: readonly ConditionInput[],
  observedGeneration: number,
  now: string,
): Condition[] => {
  const result = [...(before ?? [])]
  for (const input of inputs) {
    const index = result.findIndex(({ type }) => type === input.type)
    const old = result[index]
    const next: Condition = {
      ...input,
      message: cutText(input.message, 4096),
      observedGeneration,
      lastTransitionTime: old && old.status === input.status ? old.lastTransitionTime : now,
    }
    if (index === -1) result.push(next)
    else result[index] = next
  }
  return result
}

export const findCondition = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => conditions?.find(condition => condition.type === type)

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True'
