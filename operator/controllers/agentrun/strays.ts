import type { Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { settleRequest } from '../approvalrequest/controller.ts'
import { entriesFor } from '../approvalrequest/entries.ts'
import { isOver } from './calls.ts'
import { goingOnNow, namespaceOf, requestsOf, type Scope, statusOf, writeStatus } from './scope.ts'
import { shownParams } from './shown.ts'
import { stops } from './status.ts'
import { tracedStatus } from './store-answer.ts'

/** Why the open requests of a run that stops are cancelled, for their reviewers. */
export const whyStopped = (scope: Scope): string =>
  scope.run.metadata.deletionTimestamp
    ? 'The run was deleted.'
    : scope.run.spec.cancel
      ? 'The run was cancelled.'
      : `The run ends: ${scope.failure?.message ?? statusOf(scope).failure?.message ?? 'its agent is gone'}`

/**
 * Puts a turn into the trace of a run that stops, if people were asked about calls of it already: the trace shows what they
 * were asked, and that it came to nothing.
 *
 * @returns whether there was one
 */
export const traceOpened = async (scope: Scope): Promise<boolean> => {
  const { deps, run } = scope
  const next = (statusOf(scope).turns ?? 0) + 1
  const requests = requestsOf(scope).filter(({ spec }) => spec.callID.startsWith(`${next}.`))
  const turn = requests.length > 0 ? await deps.turns.find(run, next) : undefined
  if (!turn) return false
  const calls = turn.spec.calls.map(({ id, tool }): Step => {
    const request = requests.find(({ spec }) => spec.callID === id)
    return request
      ? {
          type: 'ToolCall',
          id,
          tool,
          params: shownParams(request.spec.params),
          state: 'AwaitingApproval',
          approvalRequest: request.metadata.name,
        }
      : { type: 'ToolCall', id, tool, state: 'Pending' }
  })
  await writeStatus(scope, goingOnNow(scope, tracedStatus(scope, statusOf(scope), turn, calls), stops))
  return true
}

/**
 * Cancels open requests that no call waits for: of a turn whose transcript is gone, where the run stops; of a call that came
 * to nothing when it was put into the trace (its tool was gone, say). What became of them is recorded before the run ends.
 *
 * @returns false: somebody wrote first, look again
 */
export const cancelStrays = async (scope: Scope, stopping: boolean): Promise<boolean> => {
  const why = stopping ? whyStopped(scope) : CAME_TO_NOTHING
  for (const request of requestsOf(scope)) {
    if (isStray(scope, request, stopping) && !(await cancelRequest(scope, request, why))) return false
  }
  return true
}

/**
 * Cancels a request, unless it has ended, and records how it did.
 *
 * @param why what its reviewers read
 * @returns false: somebody wrote first, look again
 */
export const cancelRequest = async (
  scope: Scope,
  request: ApprovalRequest,
  why: string,
): Promise<boolean> => {
  const { deps, run } = scope
  const ended =
    request.status.phase === 'Pending' ? await settleRequest(deps, request, 'Cancelled', why) : request
  if (!ended) return false
  await deps.audit.append(namespaceOf(scope), entriesFor(ended, run))
  return true
}

const CAME_TO_NOTHING = 'The call came to nothing before it could wait for this.'

const isStray = (scope: Scope, { spec, status, metadata }: ApprovalRequest, stopping: boolean): boolean => {
  const step = statusOf(scope).steps?.find(({ id }) => id === spec.callID)
  // Of a turn that is not in the trace: that is where it will be, unless the run stops.
  if (!step) return stopping
  return isOver(step) && step.approvalRequest !== metadata.name && status.phase === 'Pending'
}
