import type { IncomingHttpHeaders } from 'node:http'
import { type Problem, problem } from '../problems/problem.ts'

/** The parts of a request that say which page sent it. */
export interface Sender {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  /** The host that was asked for, with its port; behind a trusted proxy the one that it forwards for. */
  readonly host: string
}

/**
 * What is wrong with where a request comes from whose cookie the browser sent by itself; undefined where nothing is.
 * What changes something must come from our own pages, and so must what only reads, other than a page being opened.
 * Browsers say so in Sec-Fetch-Site, which no page can set, and the few that do not, in Origin.
 */
export function foreignFault({ method, headers, host }: Sender): Problem | undefined {
  const site = headers['sec-fetch-site']
  const reads = method === 'GET' || method === 'HEAD'
  if (reads) {
    if (site === undefined || site === 'same-origin' || site === 'none') return undefined
    return isPageOpened(headers) ? undefined : foreign()
  }
  const isOurs = site === undefined ? isOwnOrigin(headers.origin, host) : site === 'same-origin'
  if (!isOurs) return foreign()
  // Of a form's content types none: those a page of another site may send without being asked.
  const type = headers['content-type']
  const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type)
  if (isJson || (method === 'DELETE' && type === undefined)) return undefined
  return problem('UnsupportedMediaType', {})
}

/**
 * As `foreignFault`, for a request that no cookie is needed for. Whoever sends neither header is no browser, and is let in:
 * what is to be prevented is a page that signs its visitor in as somebody else.
 */
export function foreignSignIn(sender: Sender): Problem | undefined {
  const { 'sec-fetch-site': site, origin } = sender.headers
  return site === undefined && origin === undefined ? undefined : foreignFault(sender)
}

const isPageOpened = (headers: IncomingHttpHeaders): boolean =>
  headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'

/** Over TLS, or on this machine. The scheme that we are asked by says nothing, as a proxy may do the TLS. */
function isOwnOrigin(origin: string | undefined, host: string): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false
  const url = new URL(origin)
  if (url.origin !== origin.toLowerCase() || url.host !== host.toLowerCase()) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)

const foreign = (): Problem =>
  problem('Forbidden', {
    sentence:
      'The session of a browser is used from the pages of this gateway alone, and this request does not say that it comes from one (Sec-Fetch-Site: same-origin, or Origin).',
  })
