import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { settleRequest } from '../approvalrequest/controller.ts'
import { entriesFor } from '../approvalrequest/entries.ts'
import { isOver } from './calls.ts'
import { namespaceOf, requestsOf, type Scope, statusOf } from './scope.ts'

const CAME_TO_NOTHING = 'The call came to nothing before it could wait for this.'

/** Why the open requests of a run that stops are cancelled, for their reviewers. */
export const whyStopped = (scope: Scope): string =>
  scope.run.metadata.deletionTimestamp
    ? 'The run was deleted.'
    : scope.run.spec.cancel
      ? 'The run was cancelled.'
      : `The run ends: ${scope.failure?.message ?? statusOf(scope).failure?.message ?? 'its agent is gone'}`

/**
 * Cancels open requests that no call waits for: of a turn that was never put into the trace, where the run stops; of a call
 * that came to nothing when that was done (its tool was gone, say). What became of them is recorded before the run ends.
 *
 * @returns false: somebody wrote first, look again
 */
export const cancelStrays = async (scope: Scope, stopping: boolean): Promise<boolean> => {
  const { deps, run } = scope
  for (const request of requestsOf(scope)) {
    if (!isStray(scope, request, stopping)) continue
    const settled =
      request.status.phase === 'Pending'
        ? await settleRequest(deps, request, 'Cancelled', stopping ? whyStopped(scope) : CAME_TO_NOTHING)
        : request
    if (!settled) return false
    await deps.audit.append(namespaceOf(scope), entriesFor(settled, run))
  }
  return true
}

const isStray = (scope: Scope, { spec, status, metadata }: ApprovalRequest, stopping: boolean): boolean => {
  const step = statusOf(scope).steps?.find(({ id }) => id === spec.callID)
  // Of a turn that is not in the trace: that is where it will be, unless the run stops.
  if (!step) return stopping
  return isOver(step) && step.approvalRequest !== metadata.name && status.phase === 'Pending'
}
