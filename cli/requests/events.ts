import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import { decode } from './read.ts'

/** A Kubernetes Event about a request. `at` is an RFC 3339 time. */
export interface RequestEvent {
  readonly at: string
  readonly reason: string
  readonly message: string
}

interface CoreEvent {
  readonly metadata: { readonly creationTimestamp?: string }
  readonly eventTime?: string | null
  readonly lastTimestamp?: string | null
  readonly reason?: string
  readonly message?: string
}

/** Reads the Events of one request, oldest first; none where the caller may not read them. */
export async function readEvents(kubectl: Kubectl, request: ApprovalRequest): Promise<RequestEvent[]> {
  const { namespace, uid } = request.metadata
  const answer = decode<{ readonly items?: readonly CoreEvent[] }>(
    await kubectl(
      ['get', 'events', '-o=json', `--namespace=${namespace}`, `--field-selector=involvedObject.uid=${uid}`],
      { silent: true },
    ),
  )
  if (answer.kind === 'Refused') return []
  return (answer.value.items ?? [])
    .map(({ metadata, eventTime, lastTimestamp, reason = '', message = '' }) => ({
      at: lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '',
      reason,
      message,
    }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
}
