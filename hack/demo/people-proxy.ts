import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { loadConnection } from '../../kube/config.ts'

export interface PeopleProxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  close(): void
}

/**
 * Stands in for the API server of somebody else's cluster, which does not know the people of the demo: a request with
 * one of `tokens` is sent on with the rights of `kubeconfig`, impersonating the person; every other one as it came.
 */
export const startPeopleProxy = async (
  kubeconfig: string,
  tokens: Readonly<Record<string, string>>,
): Promise<PeopleProxy> => {
  const connection = await loadConnection({ kubeconfig })
  const people = new Map(Object.entries(tokens).map(([person, token]) => [token, person]))
  const { cert, key, ...trust } = await connection.tls()
  const asAdmin = new Agent({ keepAlive: true, ...trust, ...(cert && key ? { cert, key } : {}) })
  const asSent = new Agent({ keepAlive: true, ...trust })

  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const token = /^bearer +(\S+)$/i.exec(incoming.headers.authorization ?? '')?.[1]
    const person = token === undefined ? undefined : people.get(token)
    // Each value of a header that repeats stays a line of its own.
    const {
      host: _,
      connection: __,
      authorization,
      ...headers
    } = incoming.headersDistinct as Record<string, string[]>
    const identity: OutgoingHttpHeaders =
      person === undefined
        ? { authorization: authorization?.[0] }
        : { ...(await connection.headers()), 'impersonate-user': person }
    const outgoing = request(`${connection.server.replace(/\/+$/, '')}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: { ...headers, ...identity },
      agent: person === undefined ? asSent : asAdmin,
    })
    outgoing.on('response', answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      // A watch is silent until something happens: its head must not wait for a body.
      response.flushHeaders()
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
      asAdmin.destroy()
      asSent.destroy()
    },
  }
}
