import type { FastifyReply, FastifyRequest } from 'fastify'
import { logSafe } from '../../../kube/errors.ts'
import { type Problem, problem } from '../problems/problem.ts'
import { problemOf } from '../problems/translate.ts'
import type { App } from './app.ts'
import { faultOf } from './conversation.ts'
import { maxBodyBytes } from './json-body.ts'
import { securityHeaders, strictTransport } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether every answer tells browsers to come by TLS alone. */
    hsts: boolean
  }
}

/** Sets the common headers, and turns everything that goes wrong into a problem document. */
export function answerProblems(app: App, { hsts }: { readonly hsts: boolean }): void {
  app.decorate('hsts', hsts)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(request))
    const fault = faultOf(request.raw)
    if (fault !== undefined) throw fault
  })
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error))
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, problem('NotFound', { what: 'There is no such route.' })),
  )
}

const commonHeaders = (request: FastifyRequest): Record<string, string> => ({
  ...securityHeaders,
  ...(request.server.hsts || request.protocol === 'https' ? strictTransport : {}),
  'x-request-id': request.id,
})

/** Answers with the problem that this error is, and logs what is our own fault. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const found = isBodyTooLarge(error) ? tooLarge(request.routeOptions.bodyLimit) : problemOf(error)
  if (found.statusCode >= 500) {
    request.log.error({ code: found.code, error: logSafe(found.cause ?? error) }, 'a request failed')
  }
  reply.headers({ ...commonHeaders(request), ...headersOf(found) })
  reply.code(found.statusCode).type('application/problem+json')
  return reply.send(JSON.stringify({ ...found.document(pathOf(request.url)), requestId: request.id }))
}

const isBodyTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'

const tooLarge = (bytes = maxBodyBytes): Problem =>
  problem('TooLarge', { what: `The body is larger than ${bytes / 1024} KiB.` })

/** Headers that belong to a problem. */
function headersOf({ code, extras }: Problem): Record<string, string> {
  const { retryAfterSeconds, allow } = extras
  return {
    ...(code === 'Unauthenticated' ? { 'www-authenticate': 'Bearer realm="countersign"' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.max(1, retryAfterSeconds)) }),
    ...(allow === undefined ? {} : { allow }),
  }
}

/** The path alone: a query could hold what somebody took for the right place of a secret. */
const pathOf = (url: string): string => url.replace(/[?#].*$/s, '')
