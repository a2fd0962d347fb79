import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import * as tls from 'node:tls'
import { visible } from '../../../operator/policy/visible.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { duration } from '../../text/duration.ts'

/** What it takes to speak with a gateway. */
export interface GatewayOptions {
  readonly base: URL
  readonly token: string
  /** Authorities beside the system's own, PEM. */
  readonly ca?: string
  readonly timeoutMs: number
}

/** What the gateway answered: the body of a success, or why there is none in words for the person. */
export type Reply =
  | { readonly kind: 'Ok'; readonly body: unknown }
  | {
      readonly kind: 'Refused'
      readonly code: ExitCode
      readonly message: string
      /** The request may have been carried out all the same: the answer did not arrive. */
      readonly unsure?: boolean
    }

export type Gateway = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<Reply>

const MAX_BYTES = 8 * 1024 * 1024

/** Speaks with the gateway over one connection a request. Redirects are not followed: the credential would go along. */
export const createGateway =
  (options: GatewayOptions): Gateway =>
  async (method, path, body) => {
    try {
      const answer = await exchange(options, method, path, body)
      return read(options.base, answer)
    } catch (error) {
      return unreachable(options.base, error)
    }
  }

interface Answer {
  readonly status: number
  readonly type: string
  readonly retryAfter: string | undefined
  readonly location: string | undefined
  readonly text: string
}

function exchange(
  { base, token, ca, timeoutMs }: GatewayOptions,
  method: string,
  path: string,
  body: unknown,
): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, application/problem+json',
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
  }
  const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base)
  const settings = { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage): void => void collect(response).then(resolve, reject)
    const request =
      base.protocol === 'https:'
        ? httpsRequest(url, { ...settings, ca: authorities(ca) }, take)
        : httpRequest(url, settings, take)
    request.on('error', reject)
    request.end(payload)
  })
}

/** Those of Node, of the system where Node can read them (as kubectl does), and the one that was named. */
function authorities(named: string | undefined): string[] {
  const known: string[] =
    'getCACertificates' in tls
      ? [...tls.getCACertificates('default'), ...tls.getCACertificates('system')]
      : [...(tls as { readonly rootCertificates: readonly string[] }).rootCertificates]
  return named === undefined ? known : [...known, named]
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BYTES) throw new Error('its answer is too long')
    chunks.push(chunk)
  }
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? '',
    retryAfter: response.headers['retry-after'],
    location: response.headers.location,
    text: Buffer.concat(chunks).toString('utf8'),
  }
}

const CODES: Readonly<Record<number, ExitCode>> = {
  401: EXIT.forbidden,
  403: EXIT.forbidden,
  404: EXIT.notFound,
  502: EXIT.unreachable,
  503: EXIT.unreachable,
  504: EXIT.unreachable,
}

function read(base: URL, { status, type, retryAfter, location, text }: Answer): Reply {
  const refused = (code: ExitCode, message: string): Reply => ({ kind: 'Refused', code, message })
  if (status >= 300 && status < 400) {
    const to = location === undefined ? '' : ` to ${visible(location).slice(0, 200)}`
    return refused(
      EXIT.failed,
      `${base.href} redirects${to}, where your credential is not sent. If that is the gateway, name it: --gateway.`,
    )
  }
  const json = /^application\/(problem\+)?json\b/.test(type) ? parsed(text) : undefined
  if (status >= 200 && status < 300) {
    if (status === 204) return { kind: 'Ok', body: undefined }
    if (json !== undefined) return { kind: 'Ok', body: json }
    return refused(EXIT.failed, stranger(base, status))
  }
  const { detail, title } = (json ?? {}) as { readonly detail?: unknown; readonly title?: unknown }
  const said = typeof detail === 'string' ? detail : typeof title === 'string' ? title : undefined
  if (said === undefined)
    return refused(
      CODES[status] === EXIT.unreachable ? EXIT.unreachable : EXIT.failed,
      stranger(base, status),
    )
  return refused(CODES[status] ?? EXIT.failed, visible(inTime(said, retryAfter)))
}

/** What the gateway said, with the time of its Retry-After header in it: nobody at a terminal sees headers. */
function inTime(said: string, retryAfter: string | undefined): string {
  const seconds = Number(retryAfter)
  if (retryAfter === undefined || !Number.isFinite(seconds)) return said
  const time = `in ${duration(Math.max(1, seconds) * 1000)}`
  const header = 'after the time in Retry-After'
  return said.includes(header) ? said.replace(header, time) : `${said} Try again ${time}.`
}

const stranger = (base: URL, status: number): string =>
  `${base.href} answers (${status}), but not as Countersign's gateway does. Is --gateway right?`

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const TRUST =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/

function unreachable(base: URL, error: unknown): Reply {
  const { code = '', name = '', message } = error as { code?: string; name?: string; message: string }
  const refused = (why: string, unsure = false): Reply => ({
    kind: 'Refused',
    code: EXIT.unreachable,
    message: `The gateway ${base.href} did not answer: ${why}.`,
    ...(unsure ? { unsure } : {}),
  })
  if (TRUST.test(code)) {
    return refused(
      'its certificate is signed by nobody whom this machine trusts. --gateway-ca FILE names the authority',
    )
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return refused('its certificate is for another name')
  if (code === 'CERT_HAS_EXPIRED') return refused('its certificate has expired')
  if (code === 'ECONNREFUSED') return refused('nothing listens there')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return refused(`there is no host ${visible(base.hostname)}`)
  if (name === 'TimeoutError' || name === 'AbortError') return refused('it took too long', true)
  if (code === 'ECONNRESET' || code === 'EPIPE') return refused('it closed the connection', true)
  return refused(visible(message), true)
}
