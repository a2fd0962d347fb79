import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Deps } from '../deps.ts'
import { waitUntil } from '../waiting.ts'
import { isDecisive } from './standing.ts'

const settlementMs = 2000

/**
 * Waits up to 2 s for the operator to settle a request whose decisions settle it, and returns it as it is then. Where
 * more approvals are needed there is nothing to wait for. The decision stands whatever happens here, so a failure to
 * watch is no failure: what is known is the answer.
 */
export async function awaitSettlement(
  deps: Pick<Deps, 'clock' | 'stopping' | 'log'>,
  client: Client,
  request: ApprovalRequest,
): Promise<ApprovalRequest> {
  const isOver = ({ status }: ApprovalRequest) => status.phase !== 'Pending'
  if (isOver(request) || !isDecisive(request)) return request
  const options = { clock: deps.clock, ms: settlementMs, signals: [deps.stopping] }
  try {
    return await waitUntil(client, approvalRequests, request, isOver, options)
  } catch (error) {
    deps.log.debug(
      { name: request.metadata.name, type: (error as Error).name },
      'could not watch the settlement',
    )
    return request
  }
}
