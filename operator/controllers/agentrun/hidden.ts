import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { redactParams } from '../../policy/redact.ts'
import { earlierRuns } from './ask.ts'
import type { Scope } from './scope.ts'

/**
 * Finds again which values are to be kept out of what is shown: those of the calls that were made before this process
 * took the run up, and in the runs that it continues from. Without them a tool that repeats a card number would have
 * it shown after a restart.
 */
export const rememberHidden = async (scope: Scope, agent: Agent): Promise<void> => {
  const { deps, memory, run } = scope
  if (memory.secretsKnown) return
  const redact = agent.spec.approval?.redact ?? []
  for (const one of redact.length > 0 ? [run, ...earlierRuns(scope)] : []) {
    for (let n = 1; n <= (one.status?.turns ?? 0); n++) {
      const turn = await deps.turns.find(one, n)
      for (const { params } of turn?.spec.calls ?? []) {
        if (params === undefined) continue
        const { secrets } = redactParams(params as JsonObject, redact, deps.redactionKey)
        for (const secret of secrets) memory.secrets.add(secret)
      }
    }
  }
  memory.secretsKnown = true
}
