import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { Connection, TlsOptions } from './connection.ts'
import { ConnectionError } from './errors.ts'
import { Turnstile, type Urgency } from './turnstile.ts'

/** Limits of a client's connections. */
export interface TransportLimits {
  /** Connections for requests; more requests than that wait, the most urgent ones the shortest. Default 32. */
  readonly requestConnections?: number
  /** Watches open at once; one more is refused. Default 256. */
  readonly watchConnections?: number
  /** Bytes of an answer, beyond which it is refused. Default 256 MiB (a page of 500 objects of 400 KiB). */
  readonly maxResponseBytes?: number
}

/** Connections of one set of TLS options: those of requests apart from those of watches, so that none starves. */
interface Lane {
  readonly requests: Dispatcher
  readonly watches: Dispatcher
}

/** Which connections a request takes. */
export interface RequestLane {
  readonly identity: 'own' | 'anonymous'
  readonly watch: boolean
  /** Of a request that is no watch. */
  readonly urgency: Urgency
}

// The API server closes idle connections after 90 s: stay well below, so that we close first.
const keepAliveMs = 45_000
const connectTimeoutMs = 10_000

/**
 * Keep-alive connections (HTTP/1.1) to one API server. HTTP/2 is left out on purpose: one lost connection would take
 * all watches and requests with it, and half-open ones are found late.
 */
export class Transport {
  readonly origin: string
  /** Path prefix of the server, without a trailing slash. */
  readonly prefix: string
  readonly #connection: Connection
  readonly #limits: Required<TransportLimits>
  #current: { tls: TlsOptions; own: Lane; anonymous: Lane | undefined } | undefined
  readonly #turnstile: Turnstile
  readonly #retired = new Set<Promise<void>>()
  #watching = 0
  #closed = false

  constructor(connection: Connection, limits: TransportLimits = {}) {
    const url = new URL(connection.server)
    this.origin = url.origin
    this.prefix = url.pathname.replace(/\/+$/, '')
    this.#connection = connection
    this.#limits = {
      requestConnections: limits.requestConnections ?? 32,
      watchConnections: limits.watchConnections ?? 256,
      maxResponseBytes: limits.maxResponseBytes ?? 256 * 1024 * 1024,
    }
    this.#turnstile = new Turnstile(this.#limits.requestConnections)
  }

  /**
   * Sends one request, over connections with our own client certificate or over such without any. Resolves with the
   * answer's head.
   */
  async request(lane: RequestLane, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    if (lane.watch) return await this.#send(lane, options)
    await this.#turnstile.enter(lane.urgency, options.signal as AbortSignal | null | undefined)
    try {
      return await this.#send(lane, options)
    } finally {
      this.#turnstile.leave()
    }
  }

  async #send(lane: RequestLane, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    const tls = await this.#connection.tls()
    // From here to the dispatch in one go: a lane that another request retires in between takes nothing more.
    if (this.#closed) throw new ConnectionError('the client is closed')
    const { requests, watches } = this.#lane(tls, lane.identity)
    return await (lane.watch ? watches : requests).request({ ...options, origin: this.origin })
  }

  /** Counts a watch in; false when there are as many as may be. Each `true` needs one `endWatch`. */
  beginWatch(): boolean {
    if (this.#watching >= this.#limits.watchConnections) return false
    this.#watching++
    return true
  }

  endWatch(): void {
    this.#watching--
  }

  /** Closes all connections at once: what is under way fails. */
  async close(): Promise<void> {
    this.#closed = true
    const lanes = this.#lanes()
    this.#current = undefined
    await Promise.all([
      ...lanes.flatMap(lane => [lane.requests.destroy(), lane.watches.destroy()]),
      ...this.#retired,
    ])
  }

  #lane(tls: TlsOptions, identity: RequestLane['identity']): Lane {
    if (this.#current?.tls !== tls) {
      this.#retire()
      this.#current = { tls, own: this.#open(tls), anonymous: undefined }
    }
    const current = this.#current
    if (identity === 'own' || (tls.cert === undefined && tls.key === undefined)) return current.own
    const { cert: _cert, key: _key, ...rest } = tls
    current.anonymous ??= this.#open(rest)
    return current.anonymous
  }

  #lanes(): Lane[] {
    if (this.#current === undefined) return []
    const { own, anonymous } = this.#current
    return anonymous === undefined ? [own] : [own, anonymous]
  }

  /** Lets what runs on the connections of an earlier certificate end, and takes nothing new. */
  #retire(): void {
    for (const lane of this.#lanes()) {
      for (const dispatcher of [lane.requests, lane.watches]) {
        const closing = dispatcher.close().finally(() => this.#retired.delete(closing))
        this.#retired.add(closing)
      }
    }
  }

  #open(tls: TlsOptions): Lane {
    const { requestConnections, watchConnections, maxResponseBytes } = this.#limits
    return {
      requests: this.#dispatcher(tls, requestConnections, maxResponseBytes),
      watches: this.#dispatcher(tls, watchConnections, -1),
    }
  }

  #dispatcher(tls: TlsOptions, connections: number, maxResponseSize: number): Dispatcher {
    const common = {
      connections,
      maxResponseSize,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      connectTimeout: connectTimeoutMs,
    }
    if (this.#connection.proxyUrl !== undefined) {
      return new ProxyAgent({
        ...common,
        uri: this.#connection.proxyUrl,
        proxyTunnel: true,
        requestTls: { ...tls },
      })
    }
    return new Pool(this.origin, {
      ...common,
      connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 },
    })
  }
}
