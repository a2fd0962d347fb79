import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { Agent, buildConnector, errors, fetch as undiciFetch } from 'undici'
import { refusedClass } from './addresses.ts'

/** The address may not be connected to. The message names host and address. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'EADDRREFUSED'
}

/** The server answered with a redirect, which is never followed. */
export class RedirectRefused extends Error {
  override readonly name = 'RedirectRefused'
  readonly status: number
  constructor(status: number) {
    super(`answered with a redirect (HTTP ${status}), which is never followed`)
    this.status = status
  }
}

/** How the world outside is reached: no redirects, no addresses but those that are allowed. */
export interface Egress {
  readonly fetch: typeof globalThis.fetch
  close(): Promise<void>
}

/** Why an address may not be connected to, to be read after "is at <address>, "; undefined: it may. */
export type AddressRule = (address: string, secure: boolean) => string | undefined

/** Where models and tools may be: anywhere but at link-local, metadata and (unless allowed) loopback addresses. */
export const toolAddresses =
  (allowLoopback: boolean): AddressRule =>
  address => {
    const kind = refusedClass(address)
    return kind === undefined || (kind === 'Loopback' && allowLoopback)
      ? undefined
      : 'an address that the operator does not connect to'
  }

export interface EgressOptions {
  /** Whether loopback addresses may be connected to: development and the demo only. */
  readonly allowLoopback: boolean
  /** Which addresses may be connected to. Default: those of models and tools. */
  readonly rule?: AddressRule
  /** For tests: who resolves names. Default: the system. */
  readonly lookup?: typeof dnsLookup
}

/** Longer than any toolset's timeout: the callers' own clocks end a call first. */
const LONGEST_ANSWER_MS = 3_700_000
const CONNECT_MS = 10_000
const REDIRECTS = new Set([300, 301, 302, 303, 307, 308])

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void

/**
 * The way out for models, tools and webhooks. Connects to no address that its rule refuses: every address that a name
 * resolves to is checked at the moment of connecting, so a name that changes between check and use (DNS rebinding)
 * gains nothing. Redirects are never followed: `fetch` rejects with `RedirectRefused`. Environment proxies are not
 * used, and certificates are verified whatever the environment says.
 */
export function createEgress(options: EgressOptions): Egress {
  const rule = options.rule ?? toolAddresses(options.allowLoopback)
  const refuse = (host: string, address: string, secure: boolean): AddressRefused | undefined => {
    const why = rule(address, secure)
    return why === undefined ? undefined : new AddressRefused(`${host} is at ${address}, ${why}`)
  }
  const resolve = options.lookup ?? dnsLookup
  const lookup =
    (secure: boolean) =>
    (host: string, given: LookupOptions, callback: LookupCallback): void => {
      resolve(host, { ...given, all: true }, (error, addresses) => {
        if (error) return callback(error, [])
        const allowed = addresses.filter(({ address }) => refuse(host, address, secure) === undefined)
        const first = allowed[0]
        if (first === undefined)
          return callback(refuse(host, addresses[0]?.address ?? '', secure) ?? null, [])
        if (given.all) return callback(null, allowed)
        callback(null, first.address, first.family)
      })
    }
  const connector = (secure: boolean) =>
    buildConnector({
      timeout: CONNECT_MS,
      allowH2: false,
      rejectUnauthorized: true,
      lookup: lookup(secure) as never,
    })
  const connectPlain = connector(false)
  const connectSecure = connector(true)
  const agent = new Agent({
    headersTimeout: LONGEST_ANSWER_MS,
    bodyTimeout: LONGEST_ANSWER_MS,
    maxHeaderSize: 32 * 1024,
    // A connection for each request. On a kept one, a server that was restarted looks like one that died in the middle
    // of the call, and an approved call would end as "may have been executed" though nobody ever got it.
    pipelining: 0,
    allowH2: false,
    connect: (target, callback) => {
      const host = target.hostname.replace(/^\[|\]$/g, '')
      const secure = target.protocol === 'https:'
      // A literal address is never looked up.
      const refused = isIP(host) === 0 ? undefined : refuse(host, host, secure)
      if (refused) return callback(refused, null)
      const connect = secure ? connectSecure : connectPlain
      connect(target, (...[error, socket]: Parameters<typeof callback>) => {
        if (error) return callback(error, null)
        const late =
          socket.remoteAddress === undefined ? undefined : refuse(host, socket.remoteAddress, secure)
        if (late === undefined) return callback(null, socket)
        socket.destroy()
        callback(late, null)
      })
    },
  })

  const fetch = async (input: unknown, init: Record<string, unknown> = {}): Promise<Response> => {
    const response = (await undiciFetch(
      input as never,
      { ...init, redirect: 'manual', dispatcher: agent } as never,
    )) as unknown as Response
    if (!REDIRECTS.has(response.status)) return response
    await response.body?.cancel().catch(() => {})
    throw new RedirectRefused(response.status)
  }
  return {
    fetch: fetch as unknown as typeof globalThis.fetch,
    // Not close(): that would wait for a tool that never answers.
    close: () => agent.destroy(),
  }
}

/** Codes of failures before a request left: nobody can have received it. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRREFUSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_INVALID_URL',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
])

/** The first error in the chain of causes (members of an AggregateError included) that `test` accepts. */
export function findCause<T>(error: unknown, test: (error: unknown) => error is T): T | undefined
export function findCause(error: unknown, test: (error: unknown) => boolean): unknown
export function findCause(error: unknown, test: (error: unknown) => boolean): unknown {
  const queue: unknown[] = [error]
  const seen = new Set<unknown>()
  while (queue.length > 0) {
    const next = queue.shift()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (test(next)) return next
    queue.push((next as { cause?: unknown }).cause)
    if (next instanceof AggregateError) queue.push(...next.errors)
  }
  return undefined
}

/** The code of the failed connection (`ECONNREFUSED`, ...), wherever in the chain of causes it stands. */
export function networkCode(error: unknown): string | undefined {
  const found = findCause(error, each => typeof (each as { code?: unknown }).code === 'string')
  return (found as { code: string } | undefined)?.code
}

/** Whether the request that failed with this error provably never left. */
export function neverSent(error: unknown): boolean {
  return (
    findCause(error, each => each instanceof AddressRefused) !== undefined ||
    NEVER_SENT.has(networkCode(error) ?? '')
  )
}

/** A failed connection in words: for people and models, without addresses of ours or anything of the request. */
export function describeNetworkError(error: unknown): string {
  const refused = findCause(error, (each): each is AddressRefused => each instanceof AddressRefused)
  if (refused) return refused.message
  const redirect = findCause(error, (each): each is RedirectRefused => each instanceof RedirectRefused)
  if (redirect) return redirect.message
  const code = networkCode(error)
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused: nothing listens there'
    case 'ENOTFOUND':
      return 'its name does not resolve'
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return 'its name could not be resolved (DNS)'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it'
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'the connection timed out'
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another name'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'its certificate is signed by nobody whom this machine trusts'
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'it does not speak TLS (https:) there'
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return 'the connection broke'
    default:
      if (code?.startsWith('HPE_') || findCause(error, each => each instanceof errors.HTTPParserError)) {
        return 'it does not speak HTTP'
      }
      // Some ports are never HTTP's (25 is mail): fetch refuses them without a code.
      if (findCause(error, each => (each as Error).message === 'bad port')) {
        return 'its port is one that no HTTP server may be on'
      }
      return code === undefined ? 'the connection failed' : `the connection failed (${code})`
  }
}
