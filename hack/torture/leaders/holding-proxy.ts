import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What an operator asks of the API server. */
export interface Asked {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly body: string
}

/** One request that is held. */
export interface Held {
  /** Resolves when it is there: not sent on yet, or carried out and not answered yet. */
  readonly reached: Promise<void>
  /** Lets it go on; resolves with the status that the API server answers (or has answered). */
  release(): Promise<number>
}

/** Stands between one operator and the API server, and holds what a test wants held: so no timing decides. */
export interface HoldingProxy {
  readonly url: string
  /** Holds the first request that matches from now on: before it is sent on (`Request`), or its answer. */
  hold(what: 'Request' | 'Answer', matches: (asked: Asked) => boolean): Held
  close(): Promise<void>
}

interface Hold {
  readonly what: 'Request' | 'Answer'
  readonly matches: (asked: Asked) => boolean
  readonly reached: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
  readonly status: PromiseWithResolvers<number>
}

/** @param upstream address of the API server; `ca`: PEM. Credentials pass through as they are. */
export const startHoldingProxy = async (upstream: { url: string; ca: string }): Promise<HoldingProxy> => {
  const agent = new Agent({ keepAlive: true, ca: upstream.ca })
  const holds = new Set<Hold>()

  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const asked = {
      method: incoming.method ?? 'GET',
      path: (incoming.url ?? '').replace(/\?.*/, ''),
      body: body.toString('utf8'),
    }
    const hold = [...holds].find(one => one.matches(asked))
    if (hold) holds.delete(hold)
    if (hold?.what === 'Request') {
      hold.reached.resolve()
      await hold.released.promise
    }
    const { host: _, connection: __, ...headers } = incoming.headers
    const outgoing = request(`${upstream.url}${incoming.url}`, { method: asked.method, headers, agent })
    response.on('close', () => outgoing.destroy())
    outgoing.end(body)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    answer.on('error', () => response.destroy())
    hold?.status.resolve(answer.statusCode ?? 0)
    if (hold?.what === 'Answer') {
      hold.reached.resolve()
      await hold.released.promise
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    // A watch is silent until something happens: its head must not wait for a body.
    response.flushHeaders()
    answer.pipe(response)
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (what, matches) => {
      const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const hold = { what, matches, reached, released, status: Promise.withResolvers<number>() }
      holds.add(hold)
      return {
        reached: reached.promise,
        release: () => {
          released.resolve()
          return hold.status.promise
        },
      }
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      agent.destroy()
    },
  }
}
