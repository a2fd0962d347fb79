import type { Client } from '../../kube/client.ts'

/** Somebody as the API server authenticates them. */
export interface Person {
  readonly username: string
  readonly groups: readonly string[]
  /** When the API server answered, in milliseconds since the epoch by its own clock (whole seconds). */
  readonly at: number | undefined
}

/** Asks the API server who the client acts as. Rejects with `ApiError` 401 for a token that it does not accept. */
export async function whoAmI(client: Client): Promise<Person> {
  const answer = (await client.raw({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  })) as {
    metadata?: { creationTimestamp?: string | null }
    status?: { userInfo?: { username?: string; groups?: string[] } }
  }
  const { username, groups } = answer.status?.userInfo ?? {}
  if (!username) throw new Error('the API server did not say who asks')
  const at = Date.parse(answer.metadata?.creationTimestamp ?? '')
  return { username, groups: groups ?? [], at: Number.isNaN(at) ? undefined : at }
}
