import type { Dispatcher } from 'undici'
import { sleep } from './clock.ts'
import type { Connection } from './connection.ts'
import { ApiError, ConnectionError } from './errors.ts'
import { errorOfAnswer } from './status.ts'
import type { Transport } from './transport.ts'
import type { Urgency } from './turnstile.ts'
import type { Clock } from './types.ts'

/** What a request looks like on its way to the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly accept?: string
  readonly contentType?: string
  /** Default: Normal. */
  readonly urgency?: Urgency | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** For the whole call, retries included; 0 for none. */
  readonly timeoutMs: number
}

/** Who asks: the connection's own credentials, perhaps impersonating, or a bearer token and nothing of our own. */
export interface Identity {
  readonly token?: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
}

export interface ExchangeOptions {
  readonly connection: Connection
  readonly transport: Transport
  readonly clock: Clock
  readonly random: () => number
  readonly userAgent: string
  readonly onAnswer: (answer: {
    readonly method: string
    readonly code: string
    readonly seconds: number
  }) => void
}

export type Answer = Dispatcher.ResponseData

const maxThrottled = 4
const maxBroken = 2
const maxRetryAfterSeconds = 30

/**
 * Sends requests, each as often as is safe. Sent again are: what the server refused before it looked at it (401, once,
 * with fresh credentials; 429 with Retry-After, a few times), and a GET whose connection broke. A write whose
 * connection broke is never sent again: it may have landed, and only its author knows what a second one would do.
 */
export class Exchange {
  readonly #options: ExchangeOptions
  #refreshing: Promise<void> | undefined
  #generation = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /**
   * Resolves with an answer of 2xx whose body nobody read yet. Rejects with `ApiError`, `ConnectionError`, or the
   * signal's reason. A watch gets its own connections.
   */
  async send(request: WireRequest, identity: Identity, signal: AbortSignal, watch = false): Promise<Answer> {
    let [throttled, broken, refreshed] = [0, 0, false]
    for (;;) {
      const generation = this.#generation
      let answer: Answer
      try {
        answer = await this.#once(request, identity, signal, watch)
      } catch (error) {
        signal.throwIfAborted()
        if (request.method === 'GET' && isBroken(error) && broken++ < maxBroken) continue
        throw connectionError(request, error)
      }
      if (answer.statusCode >= 200 && answer.statusCode < 300) return answer
      const refusal = await refusalOf(answer)
      if (refusal.code === 401 && !refreshed && (await this.#refresh(identity, generation))) {
        refreshed = true
        continue
      }
      const wait = refusal.code === 429 ? refusal.retryAfterSeconds : undefined
      if (wait === undefined || wait > maxRetryAfterSeconds || throttled++ >= maxThrottled) throw refusal
      // A crowd that was sent away together must not come back together.
      await sleep(this.#options.clock, wait * 1000 * (1 + this.#options.random() / 4), signal)
      signal.throwIfAborted()
    }
  }

  async #once(
    request: WireRequest,
    identity: Identity,
    signal: AbortSignal,
    watch: boolean,
  ): Promise<Answer> {
    const { transport, clock, onAnswer } = this.#options
    const start = clock.now()
    const report = (code: string) =>
      onAnswer({ method: request.method, code, seconds: (clock.now() - start) / 1000 })
    try {
      const headers = await this.#headers(request, identity)
      const lane = {
        identity: identity.token === undefined ? 'own' : 'anonymous',
        watch,
        urgency: request.urgency ?? 'Normal',
      } as const
      const answer = await transport.request(lane, {
        method: request.method,
        path: transport.prefix + request.path,
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
        // The clocks of our own (call timeout, silent watch) decide; these only guard against a server that is stuck.
        headersTimeout: watch ? 60_000 : 0,
        bodyTimeout: 0,
      })
      report(String(answer.statusCode))
      return answer
    } catch (error) {
      report('<error>')
      throw error
    }
  }

  async #headers(request: WireRequest, identity: Identity): Promise<string[]> {
    const headers = ['accept', request.accept ?? 'application/json', 'user-agent', this.#options.userAgent]
    if (request.body !== undefined) headers.push('content-type', request.contentType ?? 'application/json')
    if (identity.token !== undefined) headers.push('authorization', `Bearer ${identity.token}`)
    else headers.push(...(await this.#ownHeaders(identity)))
    headers.push(...identity.headers)
    return headers
  }

  async #ownHeaders(identity: Identity): Promise<string[]> {
    const own = Object.entries(await this.#options.connection.headers())
    // A kubeconfig may impersonate by itself (`as`); whoever impersonates in the call means that alone.
    const override = identity.headers.length > 0
    return own.filter(([name]) => !(override && name.toLowerCase().startsWith('impersonate-'))).flat()
  }

  /** Whether there are other credentials now than those of `generation`. Many callers at once cause one refresh. */
  async #refresh(identity: Identity, generation: number): Promise<boolean> {
    const { connection } = this.#options
    if (identity.token !== undefined || connection.refresh === undefined) return false
    if (generation !== this.#generation) return true
    this.#refreshing ??= connection.refresh().finally(() => {
      this.#generation++
      this.#refreshing = undefined
    })
    await this.#refreshing
    return true
  }
}

/** The request as an error may name it: without the query, which could hold anything. */
const named = (request: WireRequest): string => `${request.method} ${request.path.replace(/\?.*$/s, '')}`

/** What became of a call that the network, not the server, ended. */
export function connectionError(request: WireRequest, error: unknown): Error {
  if (error instanceof ApiError || error instanceof ConnectionError || error instanceof TypeError)
    return error
  return new ConnectionError(`${named(request)}: ${causeOf(error)}`, { cause: error })
}

/** A connection failure in the platform's words (`connect ECONNREFUSED 127.0.0.1:6443`). */
function causeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return 'the answer is larger than this client takes'
  if (code === 'UND_ERR_INVALID_ARG') return 'the request cannot be put on the wire'
  if (error instanceof AggregateError) return causeOf(error.errors[0])
  return message || code || 'the connection failed'
}

const brokenCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Whether an established connection broke (an idle one that the server had closed, mostly). */
function isBroken(error: unknown): boolean {
  return brokenCodes.has((error as { code?: string } | undefined)?.code ?? '')
}

async function refusalOf(answer: Answer): Promise<ApiError> {
  const retryAfter = answer.headers['retry-after']
  let body: unknown
  try {
    body = JSON.parse(await answer.body.text())
  } catch {
    body = undefined
  }
  return errorOfAnswer(answer.statusCode, body, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter)
}
