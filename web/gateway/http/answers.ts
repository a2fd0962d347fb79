import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { logSafe } from '../../../kube/errors.ts'
import { type Problem, problem } from '../problems/problem.ts'
import { problemOf } from '../problems/translate.ts'
import type { App } from './app.ts'

/** Headers of every answer: nothing is cached, framed, guessed at or run. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Sets the common headers, and turns everything that goes wrong into a problem document. */
export function answerProblems(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id })
  })
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error))
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, problem('NotFound', { what: 'There is no such route.' })),
  )
}

/** Answers with the problem that this error is, and logs what is our own fault. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const found = problemOf(error)
  if (found.statusCode >= 500) {
    request.log.error({ code: found.code, error: logSafe(found.cause ?? error) }, 'a request failed')
  }
  reply.headers({ ...securityHeaders, 'x-request-id': request.id, ...headersOf(found) })
  reply.code(found.statusCode).type('application/problem+json')
  return reply.send(JSON.stringify({ ...found.document(pathOf(request.url)), requestId: request.id }))
}

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

/** Answers what is not even HTTP, on the bare socket. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const { statusCode, ...rest } = brokenRequestProblem(error.code)
  const body = JSON.stringify(rest.document)
  const headers = { ...securityHeaders, 'content-type': 'application/problem+json', connection: 'close' }
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) })
  socket.end(
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
}

function brokenRequestProblem(code: string | undefined) {
  const found =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? problem('RequestTimeout', {})
      : code === 'HPE_HEADER_OVERFLOW'
        ? problem('HeadersTooLarge', {})
        : problem('Malformed', { what: 'This is not a valid HTTP request.' })
  return { statusCode: found.statusCode, document: found.document() }
}
