import { STATUS_CODES } from 'node:http'
import { type Problem, problem } from '../problems/problem.ts'
import { securityHeaders, strictTransport } from './security-headers.ts'

/** What is not even HTTP, by the code of Node's error. */
export function brokenRequestProblem(code: string | undefined): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('RequestTimeout', {})
    case 'HPE_HEADER_OVERFLOW':
      return problem('HeadersTooLarge', {})
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problem('TooLarge', { what: 'The chunk extensions are too large.' })
    default:
      return problem('Malformed', { what: 'This is not a valid HTTP request.' })
  }
}

/** A whole answer, for the bare socket. */
export function brokenRequestAnswer(found: Problem, hsts: boolean): string {
  const body = JSON.stringify(found.document())
  const headers = {
    ...securityHeaders,
    ...(hsts ? strictTransport : {}),
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const { statusCode } = found
  return `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`
}
