import type { IncomingMessage } from 'node:http'
import { type Problem, problem } from '../problems/problem.ts'

/** Headers of which two would mean two things, to us and to whoever stands in front of us. */
const single = [
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'transfer-encoding',
] as const

const maxHeaders = 100
const bodiless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])

/** What of a request says where it ends and what it is for, before anybody knows whose it is. */
export type RequestHead = Pick<
  IncomingMessage,
  'method' | 'url' | 'headers' | 'rawHeaders' | 'httpVersion' | 'httpVersionMajor'
>

/** Whether a body follows the headers. */
export const announcesBody = ({ headers }: Pick<RequestHead, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '')

/**
 * Why a request is refused that Node's parser took: where two readers could differ on where it ends or what it asks
 * for, one of them may be a proxy in front of us. Node's own parser refuses the rest (docs/running-the-gateway.md).
 */
export function framingFault(head: RequestHead): Problem | undefined {
  const { method = '', url = '', headers, rawHeaders, httpVersion, httpVersionMajor } = head
  if (httpVersionMajor !== 1) return malformed('This is not HTTP/1.1.')
  if (rawHeaders.length / 2 > maxHeaders) return problem('HeadersTooLarge', {})
  for (const name of single) {
    if (times(rawHeaders, name) > 1) return malformed(`There is more than one ${name} header.`)
  }
  if (httpVersion !== '1.0' && headers.host === undefined) return malformed('There is no Host header.')
  const encoding = headers['transfer-encoding']
  if (encoding !== undefined && (httpVersion === '1.0' || encoding.toLowerCase() !== 'chunked')) {
    return malformed('The only transfer encoding is chunked, of HTTP/1.1.')
  }
  if (bodiless.has(method) && announcesBody(head)) return malformed(`A ${method} request has no body.`)
  if (!url.startsWith('/') || url.includes('#')) return malformed('The target of the request is not a path.')
  return undefined
}

const malformed = (what: string): Problem => problem('Malformed', { what })

/** How often a header stands there; of some Node keeps the first alone, or all as one. */
function times(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === name) count++
  return count
}
