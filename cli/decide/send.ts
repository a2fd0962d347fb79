import type { ApprovalRequest, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import { decode, REQUESTS, type Result } from '../requests/read.ts'

/**
 * Adds one decision to a request, bound to what was read: if the object or the call behind the name is another one by
 * now, the API server refuses. Appending leaves room for reviewers who decide at the same moment.
 */
export async function sendDecision(
  kubectl: Kubectl,
  request: ApprovalRequest,
  decision: Decision,
): Promise<Result<ApprovalRequest>> {
  const patch = [
    { op: 'test', path: '/metadata/uid', value: request.metadata.uid },
    { op: 'test', path: '/spec/callDigest', value: request.spec.callDigest },
    { op: 'add', path: '/status/decisions/-', value: decision },
  ]
  return decode<ApprovalRequest>(
    await kubectl([
      'patch',
      REQUESTS,
      request.metadata.name,
      `--namespace=${request.metadata.namespace}`,
      '--subresource=status',
      '--type=json',
      '-o=json',
      `--patch=${JSON.stringify(patch)}`,
    ]),
  )
}
