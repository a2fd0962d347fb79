// Helpers for tests of the gateway: a real one, listening on loopback.
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import type { Client } from '../../kube/client.ts'
import { systemClock } from '../../kube/clock.ts'
import { assemble, type Parts } from './assemble.ts'
import type { Cache } from './cache/cache.ts'
import type { Deps } from './deps.ts'
import { Metrics } from './metrics.ts'
import { buildServer } from './server.ts'

/** What the gateway answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly body: any
}

export interface RequestInit {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends requests with one token. */
export interface Session {
  get(path: string, init?: RequestInit): Promise<Answer>
  post(path: string, body?: unknown, init?: RequestInit): Promise<Answer>
  send(method: string, path: string, init?: RequestInit): Promise<Answer>
}

export interface TestGateway {
  readonly url: string
  readonly port: number
  readonly metrics: Metrics
  readonly cache: Cache
  /** What was logged so far, as text. */
  log(): string
  /** Requests with this token, or with none. Paths begin with /. */
  as(token: string | undefined): Session
  /** As SIGTERM does: long polls end. */
  stop(): void
  close(): Promise<void>
}

/** Starts a gateway that acts by `client` where it acts as itself, on a free port. */
export async function startGateway(
  client: Client,
  { sessionTimes, ...overrides }: Partial<Deps> & Pick<Parts, 'sessionTimes'> = {},
): Promise<TestGateway> {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const stopping = new AbortController()
  const metrics = new Metrics()
  const log = pino({ level: 'debug' }, sink)
  const deps = {
    ...assemble({
      client,
      clock: overrides.clock ?? systemClock,
      random: Math.random,
      log,
      metrics,
      stopping: stopping.signal,
      sessionTimes,
    }),
    ...overrides,
  }
  const { cache, seen } = deps
  const app = await buildServer(deps)
  const leaving = new AbortController()
  const following = Promise.all([cache.run(leaving.signal), seen.run(leaving.signal)])
  // Watches are open, too: what a test does next is heard.
  while (!cache.isLive || [...cache.kinds, cache.audit].some(kind => kind.lagMs > 0) || !seen.isReady)
    await delay(5)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    port: Number(new URL(url).port),
    metrics,
    cache,
    log: () => lines.join(''),
    as: token => session(url, token),
    stop: () => stopping.abort(),
    async close() {
      stopping.abort()
      await app.close()
      leaving.abort()
      await following
    },
  }
}

function session(url: string, token: string | undefined): Session {
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
    const headers: Record<string, string> = { ...init.headers }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    if (init.body !== undefined) headers['content-type'] ??= 'application/json'
    const body = typeof init.body === 'string' ? init.body : JSON.stringify(init.body)
    const answer = await fetch(url + path, { method, headers, ...(init.body === undefined ? {} : { body }) })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: parsed(text) }
  }
  return {
    send,
    get: (path, init) => send('GET', path, init),
    post: (path, body, init) => send('POST', path, { ...init, ...(body === undefined ? {} : { body }) }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
