import type { FastifyRequest } from 'fastify'
import type { Caller, Credentials } from '../credentials.ts'
import { problem } from '../problems/problem.ts'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `authenticate`; read it by `callerOf`. */
    caller: Caller | undefined
  }
}

/** Every route of this instance needs credentials; checked before the body is read. */
export function authenticate(app: App, credentials: Credentials): void {
  app.addHook('onRequest', async request => {
    const { authorization } = request.headers
    request.caller = await credentials({ authorization, address: request.ip })
  })
}

/** Whose request it is. Throws the problem `Unauthenticated` on a route that does not authenticate. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw problem('Unauthenticated', { what: 'This route needs a token.' })
  return request.caller
}
