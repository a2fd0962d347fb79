import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
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

/** @param upstream address of the API server; `ca`: PEM. Credentials pass through as they are. */
export const startFaultProxy = async (upstream: { url: string; ca: string }): Promise<FaultProxy> => {
  const agent = new Agent({ keepAlive: true, ca: upstream.ca })
  const counts = new Map<string, number>()
  let faults = NO_FAULTS
  const count = (kind: string) => void counts.set(kind, (counts.get(kind) ?? 0) + 1)

  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = 'GET', url = '' } = incoming
    const query = new URLSearchParams(url.split('?')[1] ?? '')
    const isWatch = query.has('watch')
    const isList = method === 'GET' && (query.has('limit') || isWatch)
    const fault = faults.request({ method, isList })
    if (fault) count(fault.kind === 'Refused' ? String(fault.status) : fault.kind)
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
      response.writeHead(200, answer.headers)
      // A watch is silent until something happens: its head must not wait for a body.
      response.flushHeaders()
      answer
        .pipe(
          faultyWatch(
            () => faults.watch(),
            () => response.destroy(),
            count,
          ),
        )
        .pipe(response)
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
  if (fault?.kind === 'SlowHeaders') await new Promise(resolve => setTimeout(resolve, fault.ms))
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
