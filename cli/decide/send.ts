import type { ApprovalRequest, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import { API_VERSION } from '../../crds/v1alpha1/meta.ts'
import { withJsonFile } from '../kubectl/file.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import { decode, type Result } from '../requests/read.ts'

/** Whether a decision is given, or only tried: the API server asks its policies and then forgets it. */
export type Earnest = 'Give' | 'Try'

/**
 * Adds one decision to a request, bound to what was read: if the object or the call behind the name is another one by
 * now, the API server refuses. Appending leaves room for reviewers who decide at the same moment.
 */
export const sendDecision = (
  kubectl: Kubectl,
  request: ApprovalRequest,
  decision: Decision,
  earnest: Earnest = 'Give',
): Promise<Result<ApprovalRequest>> =>
  withJsonFile(identity(request), async target => {
    const sent = await patch(kubectl, target, request, decision, earnest)
    // The policy takes no time that is far from the server's own. Whose clock is wrong decides without one.
    if (sent.kind === 'Ok' || !/^decidedAt is /.test(sent.refusal.message)) return sent
    const { decidedAt: _, ...undated } = decision
    return await patch(kubectl, target, request, undated, earnest)
  })

/** What kubectl needs to know of an object in order to patch it. */
const identity = ({ metadata: { name, namespace } }: ApprovalRequest) => ({
  apiVersion: API_VERSION,
  kind: 'ApprovalRequest',
  metadata: { name, namespace },
})

// The object is named by a file, since kubectl reads an object that is named by arguments once more before it patches
// it: a round trip, and a right (get on the status) that a reviewer need not have.
const patch = async (
  kubectl: Kubectl,
  target: string,
  { metadata, spec }: ApprovalRequest,
  decision: Decision,
  earnest: Earnest,
): Promise<Result<ApprovalRequest>> => {
  const operations = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/spec/callDigest', value: spec.callDigest },
    { op: 'add', path: '/status/decisions/-', value: decision },
  ]
  const what = [`--filename=${target}`, `--namespace=${metadata.namespace}`, '--subresource=status']
  const how = ['--type=json', '-o=json', ...(earnest === 'Try' ? ['--dry-run=server'] : [])]
  const answer = await kubectl(['patch', ...what, ...how, `--patch=${JSON.stringify(operations)}`])
  return decode<ApprovalRequest>(answer)
}
