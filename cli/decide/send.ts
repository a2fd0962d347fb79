import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApprovalRequest, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import { API_VERSION } from '../../crds/v1alpha1/meta.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import { decode, type Result } from '../requests/read.ts'

/**
 * Adds one decision to a request, bound to what was read: if the object or the call behind the name is another one by
 * now, the API server refuses. Appending leaves room for reviewers who decide at the same moment.
 */
export async function sendDecision(
  kubectl: Kubectl,
  request: ApprovalRequest,
  decision: Decision,
): Promise<Result<ApprovalRequest>> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  try {
    const target = join(folder, 'request.json')
    await writeFile(target, JSON.stringify(identity(request)))
    const sent = await patch(kubectl, target, request, decision)
    // The policy takes no time that is far from the server's own. Whose clock is wrong decides without one.
    if (sent.kind === 'Ok' || !/^decidedAt is /.test(sent.refusal.message)) return sent
    const { decidedAt: _, ...undated } = decision
    return await patch(kubectl, target, request, undated)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

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
): Promise<Result<ApprovalRequest>> => {
  const operations = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/spec/callDigest', value: spec.callDigest },
    { op: 'add', path: '/status/decisions/-', value: decision },
  ]
  const what = [`--filename=${target}`, `--namespace=${metadata.namespace}`, '--subresource=status']
  return decode<ApprovalRequest>(
    await kubectl(['patch', ...what, '--type=json', '-o=json', `--patch=${JSON.stringify(operations)}`]),
  )
}
