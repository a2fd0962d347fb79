import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Attempt, Caller } from '../credentials.ts'
import type { OpenRequest, WaitKind } from '../limits/callers.ts'
import type { Limits } from '../limits/limits.ts'
import { problem } from '../problems/problem.ts'
import type { App } from './app.ts'
import { clientAddress } from './client-address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `authenticate`; read it by `callerOf`. */
    caller: Caller | undefined
    /** Its place among the caller's open requests. */
    open: OpenRequest | undefined
  }
  interface FastifyContextConfig {
    /** Set by `authenticate`. */
    authenticates?: boolean
  }
}

/** Who comes with a cookie in place of an Authorization header. */
export interface BySession {
  /** Whether a request comes with a cookie that was sealed here. */
  isShown(request: FastifyRequest): Promise<boolean>
  /** Whose session it is; undefined where there is none, or there is a header. Rejects as `Credentials` do. */
  callerOf(request: FastifyRequest, reply: FastifyReply): Promise<Caller | undefined>
}

/** What `authenticate` and `limitAnonymous` set on requests; once an instance, before any route. */
export function decorateRequests(app: App): void {
  app.decorateRequest('caller', undefined)
  app.decorateRequest('open', undefined)
}

/** Every route of this instance needs credentials; checked before the body is read. */
export function authenticate(app: App, { guard, callers }: Limits, bySession: BySession): void {
  app.addHook('onRoute', route => {
    route.config = { ...route.config, authenticates: true }
  })
  app.addHook('onRequest', async (request, reply) => {
    const caller = (await bySession.callerOf(request, reply)) ?? (await guard.credentials(attemptOf(request)))
    request.caller = caller
    const open = callers.enter(caller)
    request.open = open
    // Also where the caller went away meanwhile.
    if (reply.raw.closed) open.close()
    else reply.raw.once('close', () => open.close())
  })
  app.addHook('onSend', async (request, reply) => {
    // The API server does not know the token any more.
    if (reply.statusCode === 401 && request.caller !== undefined) guard.refusedLate(attemptOf(request))
  })
}

const probes = new Set(['/healthz', '/readyz'])

/** Holds up whoever asks without credentials for more than an address may; probes are always answered. */
export function limitAnonymous(app: App, { anonymous }: Limits, bySession: BySession): void {
  app.addHook('onRequest', async request => {
    const { config, url = '' } = request.routeOptions
    if (probes.has(url)) return
    if (config.authenticates === true) {
      if (request.headers.authorization !== undefined || (await bySession.isShown(request))) return
    }
    anonymous.enter(clientAddress(request))
  })
}

/** Whose request it is. Throws the problem `Unauthenticated` on a route that does not authenticate. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw problem('Unauthenticated', { what: 'This route needs a token.' })
  return request.caller
}

/** To be called where a request begins to wait: counts it among what its caller may hold open. Throws `RateLimited`. */
export function beginWait(request: FastifyRequest, kind: WaitKind): void {
  request.open?.wait(kind)
}

const attemptOf = (request: FastifyRequest): Attempt => ({
  authorization: request.headers.authorization,
  address: clientAddress(request),
})
