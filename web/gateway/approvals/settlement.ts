import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Deps } from '../deps.ts'
import { waitUntil } from '../waiting.ts'
import { isDecisive } from './standing.ts'

const settlementMs = 2000

/**
 * Waits up to 2 s for the operator to settle a request whose decisions settle it, and returns it as it is then. Where
 * more approvals are needed there is nothing to wait for. The decision stands whatever happens here: a request that is
 * deleted meanwhile is answered as it was last seen.
 */
export async function awaitSettlement(
  { cache, clock, stopping }: Pick<Deps, 'cache' | 'clock' | 'stopping'>,
  request: ApprovalRequest,
): Promise<ApprovalRequest> {
  const done = ({ status }: ApprovalRequest) => status.phase !== 'Pending'
  if (done(request) || !isDecisive(request)) return request
  try {
    return await waitUntil(cache.approvals, request, { clock, ms: settlementMs, signals: [stopping], done })
  } catch {
    return request
  }
}
