import { AsyncLocalStorage } from 'node:async_hooks'
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  StreamableHTTPClientTransport,
  type TransportSendOptions,
} from '@modelcontextprotocol/client'
import { limitBody } from '../../egress/body.ts'
import type { Egress } from '../types.ts'

/** What one HTTP answer of an MCP server may have, in bytes: a list of tools or a result. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/** JSON-RPC code that we give a request whose answer stream ended without its answer. */
export const STREAM_ENDED = -32_099

/** What one exchange is bounded by, and what went wrong with its answer beneath the SDK. */
interface Exchange {
  readonly signal: AbortSignal
  fault?: Error
}

/**
 * The SDK's Streamable HTTP transport, made to send every request exactly once:
 * - no stream is ever opened by GET, so nothing is resumed or listened to (we list tools when we need them, and
 *   offer a server nothing to ask for);
 * - a request whose answer stream ends without its answer fails at once instead of waiting for its timeout;
 * - `within` bounds the HTTP request itself, not only the wait for it;
 * - every answer is bounded in size.
 */
export class OnceTransport extends StreamableHTTPClientTransport {
  readonly #exchange: AsyncLocalStorage<Exchange>

  constructor(url: URL, headers: Readonly<Record<string, string>>, egress: Egress) {
    const exchange = new AsyncLocalStorage<Exchange>()
    super(url, {
      requestInit: { headers: { ...headers } },
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 1,
        maxReconnectionDelay: 1,
        reconnectionDelayGrowFactor: 1,
      },
      fetch: async (target, init) => {
        // 405 is how a server says that it offers no such stream: every client copes with it.
        if (init?.method === 'GET') return new Response(null, { status: 405 })
        const current = exchange.getStore()
        return limitBody(await egress.fetch(target, init), MAX_ANSWER_BYTES, fault => {
          if (current !== undefined) current.fault = fault
        })
      },
    })
    this.#exchange = exchange
  }

  /**
   * Runs `work`; every request sent by it is aborted with `signal`. If it fails because an answer was too large, it
   * rejects with that (the SDK only says that a stream ended).
   */
  async within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const exchange: Exchange = { signal }
    try {
      return await this.#exchange.run(exchange, work)
    } catch (error) {
      throw exchange.fault ?? error
    }
  }

  override send(message: JSONRPCMessage | JSONRPCMessage[], options?: TransportSendOptions): Promise<void> {
    if (Array.isArray(message) || !isJSONRPCRequest(message))
      return super.send(message as never, options as never)
    const { id } = message
    const outer = this.#exchange.getStore()?.signal
    const signals = [outer, options?.requestSignal].filter(signal => signal !== undefined)
    return super.send(message, {
      ...options,
      ...(signals.length === 0 ? {} : { requestSignal: AbortSignal.any(signals) }),
      onRequestStreamEnd: () => {
        options?.onRequestStreamEnd?.()
        // Ignored by the client when the answer had come before the stream ended.
        this.onmessage?.({ jsonrpc: '2.0', id, error: { code: STREAM_ENDED, message: 'the stream ended' } })
      },
    } as never)
  }
}
