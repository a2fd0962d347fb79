// Every way that somebody can send a decision.
import type { ApprovalRequest, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import { ApiError } from '../../kube/errors.ts'
import type { ObjectRef } from '../../kube/types.ts'
import { tokenOf } from '../../web/gateway/testing-cluster.ts'
import { write } from '../admission.ts'
import { clientFor } from '../testing.ts'
import type { Stage } from './stage.ts'

export const paths = [
  'kubectl patch',
  'a merge patch',
  'server-side apply',
  'kubectl approve',
  'REST',
  'REST, several at once',
] as const
export type Path = (typeof paths)[number]

/** What came of it: whether it was taken (or was there already), and in which words. */
export interface Answered {
  readonly taken: boolean
  readonly said: string
}

const FORMS = {
  'a merge patch': 'merge patch',
  'server-side apply': 'server-side apply',
} as const

/** Sends a decision of this person of the cluster (who has a token and no groups) over one path. */
export async function decideOver(
  stage: Stage,
  path: Path,
  who: string,
  request: string,
  verdict: Decision['verdict'] = 'Approve',
): Promise<Answered> {
  const { namespace } = stage
  const reason = verdict === 'Reject' ? { reason: 'Not a duplicate.' } : {}
  const word = verdict === 'Approve' ? 'approve' : 'reject'
  const base = `/api/v1/projects/${namespace}/approvals`
  switch (path) {
    case 'kubectl approve': {
      const args = [word, request, '-n', namespace, ...(reason.reason ? ['--reason', reason.reason] : [])]
      const { code, out, err } = await stage.plugins.kubectl(who, ...args)
      return { taken: code === 0, said: out + err }
    }
    case 'REST': {
      const answer = await stage.gateway.as(tokenOf(who)).post(`${base}/${request}/${word}`, reason)
      return { taken: answer.status === 200, said: JSON.stringify(answer.body) }
    }
    case 'REST, several at once': {
      const body = { decisions: [{ name: request, verdict, ...reason }] }
      const answer = await stage.gateway.as(tokenOf(who)).post(`${base}/decide`, body)
      return { taken: answer.body.items?.[0]?.status === 200, said: JSON.stringify(answer.body) }
    }
    case 'kubectl patch':
      return patched(
        append(clientFor(who), { namespace, name: request }, { reviewer: who, verdict, ...reason }),
      )
    default: {
      const decision: Decision = { reviewer: who, verdict, ...reason, via: 'Kubectl' }
      return patched(
        write(clientFor(who), approvalRequests, { namespace, name: request }, FORMS[path], 'status', before =>
          withDecision(before, decision),
        ),
      )
    }
  }
}

/** Adds a decision as the JSON patch of docs/who-may-decide.md does. */
export const append = (
  client: Client,
  ref: ObjectRef,
  decision: Omit<Decision, 'via'>,
): Promise<ApprovalRequest> => {
  const value = { ...decision, via: 'Kubectl' }
  const body = [{ op: 'add', path: '/status/decisions/-', value }] as const
  return client.patch(approvalRequests, ref, { type: 'json', body }, { subresource: 'status' })
}

/** The decision in place of this reviewer's earlier one, as somebody would who wants to change their mind. */
export const withDecision = (request: ApprovalRequest, decision: Decision): ApprovalRequest => {
  const others = request.status.decisions.filter(({ reviewer }) => reviewer !== decision.reviewer)
  return { ...request, status: { ...request.status, decisions: [...others, decision] } }
}

/** What the API server said to a write. */
export const patched = async (attempt: Promise<unknown>): Promise<Answered> => {
  try {
    await attempt
    return { taken: true, said: '' }
  } catch (error) {
    if (error instanceof ApiError) return { taken: false, said: error.message }
    throw error
  }
}
