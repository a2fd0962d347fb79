/** How much one client may ask of the gateway. Each process counts by itself. */
export interface LimitOptions {
  /** Requests a second of one credential, in the long run. */
  readonly requestsPerSecond: number
  /** Requests at once of one credential. */
  readonly requestBurst: number
  /** Requests of one credential under way at the same time, waiting ones included. */
  readonly openRequests: number
  /** Long polls of one credential at the same time; as many event streams again. */
  readonly openWaits: number
  /** Bad credentials of one address, or for one key, that are answered at once. */
  readonly failureBurst: number
  /** Bad credentials a minute of one address, or for one key, in the long run. */
  readonly failuresPerMinute: number
  /** Requests a second of one address that need no credentials, or bring none. Five seconds' worth may come at once. */
  readonly anonymousPerSecond: number
  /** Connections in all. */
  readonly connections: number
  /** Connections of one address; the trusted proxies are not counted. */
  readonly connectionsPerAddress: number
  /** Addresses and networks (CIDR) whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly trustedProxies: readonly string[]
  /** Whether every answer tells browsers to come by TLS alone; otherwise those that came by TLS do. */
  readonly hsts: boolean
  readonly timeouts: Timeouts
}

/** All in milliseconds. */
export interface Timeouts {
  /** Until the headers of a request are complete. */
  readonly headersMs: number
  /** Until a request is complete, its body included. */
  readonly requestMs: number
  /** How often the limits on requests and answers are looked at. */
  readonly checkEveryMs: number
  /** A connection between two requests. */
  readonly keepAliveMs: number
  /** An answer, or what there is of an event stream, until the client has taken it. */
  readonly takeMs: number
  /** A connection on which nothing moves, either way, while a request is under way. */
  readonly idleMs: number
  /** How long what is still sent is thrown away, after an answer that did not wait for it. */
  readonly lingerMs: number
}

export const defaultLimits: LimitOptions = {
  requestsPerSecond: 100,
  requestBurst: 500,
  openRequests: 200,
  openWaits: 100,
  failureBurst: 20,
  failuresPerMinute: 20,
  // An office behind one address loads pages and asks for no more than that.
  anonymousPerSecond: 200,
  connections: 10_000,
  connectionsPerAddress: 2000,
  trustedProxies: [],
  hsts: false,
  timeouts: {
    headersMs: 15_000,
    requestMs: 30_000,
    checkEveryMs: 1000,
    // Longer than load balancers keep theirs, so that it is they who close.
    keepAliveMs: 75_000,
    // (idleMs) Longer than a long poll, and than the pause between two signs of life of an event stream.
    takeMs: 60_000,
    idleMs: 120_000,
    lingerMs: 5000,
  },
}
