import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MonotonicClock } from './clock.ts'
import { type Connection, staticConnection } from './connection.ts'
import type { KubeObject, Resource } from './types.ts'

/** A clock that stands still until a test turns it. */
export class TestClock implements MonotonicClock {
  #now: number
  #timers: { at: number; fn: () => void }[] = []

  constructor(start: Date | number = Date.UTC(2026, 0, 1)) {
    this.#now = Number(start)
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + Math.max(ms, 0), fn }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  /** Milliseconds until each timer that is set, soonest first. */
  pending(): number[] {
    return this.#timers.map(timer => timer.at - this.#now).sort((a, b) => a - b)
  }

  /** Turns the clock; timers run in order, each with what it sets off, before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      const due = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)
      const next = due[0]
      if (!next) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.fn()
      await settled()
    }
    this.#now = Math.max(this.#now, end)
    await settled()
  }

  /** Moves time on without running a timer, as for a process that was stopped (SIGSTOP) meanwhile. */
  jump(ms: number): void {
    this.#now += ms
  }
}

/** Resolves when promises that can settle without I/O have. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

/** A request as a scripted server received it. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface ScriptedServer {
  readonly connection: Connection
  readonly url: string
  readonly requests: readonly ReceivedRequest[]
  /** TCP connections accepted so far. */
  readonly connections: number
  /** Breaks every open connection. */
  cut(): void
  close(): Promise<void>
}

/**
 * A real HTTP server on loopback that answers as a test says: what a real API server cannot be made to do (answer
 * half a line, expire a page token, fall silent).
 */
export async function scriptedServer(
  script: (request: ReceivedRequest, response: ServerResponse, index: number) => void | Promise<void>,
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = []
  let connections = 0
  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    let body = ''
    for await (const chunk of incoming) body += chunk
    const received: ReceivedRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body,
    }
    requests.push(received)
    await script(received, response, requests.length - 1)
  })
  server.on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    connection: staticConnection({ server: url }),
    url,
    requests,
    get connections() {
      return connections
    },
    cut: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  body: unknown,
  code = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** Answers with a Status object. */
export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(response, status(code, reason), code, headers)
}

/** A Status object as the API server writes it. */
export const status = (code: number, reason: string, message = `refused: ${reason}`) => ({
  apiVersion: 'v1',
  kind: 'Status',
  status: 'Failure',
  code,
  reason,
  message,
})

/** One line of a watch's answer. */
export const watchLine = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

/** A kind that every server has. */
export const configMaps: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}

/** A ConfigMap as a server would give it. */
export function aConfigMap(
  name: string,
  options: { namespace?: string; resourceVersion?: string; uid?: string; data?: Record<string, string> } = {},
): ConfigMap {
  const { namespace = 'default', resourceVersion = '1', uid = `uid-of-${name}`, data } = options
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, resourceVersion, uid },
    ...(data === undefined ? {} : { data }),
  }
}
