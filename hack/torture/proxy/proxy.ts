import { once } from 'node:events'
import {
  createServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Faults, NO_FAULTS, type RequestFault } from './faults.ts'
import { faultyWatch } from './watch-faults.ts'

/** Stands between operators and the API server, and lets things go wrong. */
export interface FaultProxy {
  readonly url: string
  /** What goes wrong from now on. */
  set(faults: Faults): void
  /** How often each kind of fault happened. */
  readonly counts: ReadonlyMap<string, number>
  /** Cuts every connection that is open, silent watches among them. */
  cutAll(): void
  close(): Promise<void>
}

/**
 * @param upstream address of the API server; `ca`: PEM. Credentials pass through as they are.
 * @param happened told of each fault, and of what it befell
 */
export const startFaultProxy = async (
  upstream: { readonly url: string; readonly ca?: string },
  happened: (kind: string, what: string) => void = () => {},
): Promise<FaultProxy> => {
  const { agent, request } = upstream.url.startsWith('https:')
    ? { agent: new HttpsAgent({ keepAlive: true, ca: upstream.ca }), request: httpsRequest }
    : { agent: new HttpAgent({ keepAlive: true }), request: httpRequest }
  const counts = new Map<string, number>()
  let faults = NO_FAULTS
  const count = (kind: string, what: string) => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    happened(kind, what)
  }

  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = 'GET', url = '' } = incoming
    const query = new URLSearchParams(url.split('?')[1] ?? '')
    const isWatch = query.has('watch')
    const kind = isWatch ? 'Watch' : method === 'GET' && query.has('limit') ? 'List' : 'Other'
    const path = url.replace(/\?.*$/s, '')
    const fault = faults.request({ method, path, kind })
    if (fault) count(fault.kind === 'Refused' ? String(fault.status) : fault.kind, `${method} ${path}`)
    if (fault?.kind === 'NeverSent') {
      response.destroy()
      return
    }
    if (fault?.kind === 'Refused') {
      refuse(response, fault.status)
      return
    }
    const { host: _, connection: __, ...headers } = incoming.headers
    const outgoing = request(`${upstream.url}${url}`, { method, headers, agent })
    response.on('close', () => {
      if (!response.writableFinished && isWatch) outgoing.destroy()
    })
    outgoing.end(Buffer.concat(chunks))
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    answer.on('error', () => response.destroy())
    if (isWatch && answer.statusCode === 200) {
      if (fault?.kind === 'LostAnswer') {
        response.destroy()
        return
      }
      if (fault?.kind === 'SlowHeaders') await delay(fault.ms)
      response.writeHead(200, answer.headers)
      // A watch is silent until something happens: its head must not wait for a body.
      response.flushHeaders()
      // The head, and nothing of the body.
      if (fault?.kind === 'CutAnswer') {
        setImmediate(() => response.destroy())
        return
      }
      const events = faultyWatch(
        event => faults.watch(`${path} ${event}`),
        () => response.destroy(),
        kind => count(kind, `watch of ${path}`),
      )
      answer.pipe(events).pipe(response)
      return
    }
    await giveAnswer(answer, response, fault)
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: wanted => {
      faults = wanted
    },
    counts,
    cutAll: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      agent.destroy()
    },
  }
}

/** Gives the answer on, or what the fault leaves of it. The API server has done what it was asked. */
const giveAnswer = async (
  answer: IncomingMessage,
  response: ServerResponse,
  fault: RequestFault | undefined,
): Promise<void> => {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  if (fault?.kind === 'LostAnswer') {
    response.destroy()
    return
  }
  if (fault?.kind === 'SlowHeaders') await delay(fault.ms)
  const { 'transfer-encoding': _, ...headers } = answer.headers
  response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': body.length })
  if (fault?.kind === 'CutAnswer') {
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy())
    return
  }
  response.end(body)
}

const REASONS = {
  409: ['Conflict', 'the object has been modified'],
  410: ['Expired', 'the provided continue parameter is too old'],
  429: ['TooManyRequests', 'the server has received too many requests'],
  500: ['InternalError', 'an error on the server'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
} as const

const refuse = (response: ServerResponse, code: keyof typeof REASONS): void => {
  const [reason, message] = REASONS[code]
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
  response.writeHead(code, {
    'content-type': 'application/json',
    ...(code === 429 ? { 'retry-after': '1' } : {}),
  })
  response.end(JSON.stringify(status))
}
