import { Agent, request } from 'undici'
import { ApiError } from '../../kube/errors.ts'
import { cluster } from '../testing.ts'

/** A request as it goes over the wire: the body may be what no JSON library would write. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly token?: string
  readonly contentType?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
}

/** The token of one of the people of the tests; rejects on a cluster that is not our own. */
export function tokenOfPerson(name: string): string {
  const token = cluster().people[name]?.token
  if (token === undefined) throw new Error(`${name} has no token on this cluster`)
  return token
}

/** Sends these bytes to the API server; rejects with its refusal. */
export async function onTheWire(wire: WireRequest): Promise<unknown> {
  const { url, ca } = cluster()
  const dispatcher = new Agent({ connect: { ca } })
  try {
    const answer = await request(new URL(wire.path, url), {
      dispatcher,
      method: wire.method,
      headers: {
        ...(wire.token !== undefined && { authorization: `Bearer ${wire.token}` }),
        'content-type': wire.contentType ?? 'application/json',
        ...wire.headers,
      },
      ...(wire.body !== undefined && { body: wire.body }),
    })
    const json = (await answer.body.json()) as { reason?: string; message?: string }
    if (answer.statusCode < 300) return json
    throw new ApiError(answer.statusCode, json.reason ?? '', json.message ?? '')
  } finally {
    await dispatcher.close()
  }
}
