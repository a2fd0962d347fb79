import { Client, ProtocolError } from '@modelcontextprotocol/client'
import type { Egress } from '../types.ts'
import { OnceTransport } from './mcp-transport.ts'

/** What an MCP server is told that it talks to. */
const CLIENT_INFO = { name: 'countersign', version: '0.1.0' }
/** How long saying goodbye may take. */
const GOODBYE_MS = 2000

/**
 * One connection to an MCP server: a negotiated protocol version and, with servers before 2026-07-28, a session.
 * Retired when it proves dead; it is closed once nobody uses it any more, so that a sibling call is not cut off.
 */
export class McpSession {
  readonly client: Client
  readonly transport: OnceTransport
  #users = 0
  #retired = false
  #used = false

  constructor(url: URL, headers: Readonly<Record<string, string>>, egress: Egress) {
    this.transport = new OnceTransport(url, headers, egress)
    this.client = new Client(CLIENT_INFO, {
      capabilities: {},
      versionNegotiation: { mode: 'auto' },
      // An answer that asks for input would otherwise be answered and the call sent again.
      inputRequired: { autoFulfill: false },
    })
  }

  /** @throws whatever kept the handshake from completing; no tool was called then. */
  async connect(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.use(signal, () => this.client.connect(this.transport, { timeout: timeoutMs, signal }))
    this.#used = false
  }

  /**
   * Whether the server still knows us. A server that was restarted has forgotten its sessions, and asking it now is
   * what keeps a tools/call from ever being sent twice: it is sent only on a session that was just seen alive.
   * @throws when the server cannot be reached.
   */
  async alive(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#retired) return false
    // Without a session there is nothing that a restart could forget, and a new one needs no proof.
    if (this.transport.sessionId === undefined || !this.#used) return true
    try {
      await this.use(signal, () => this.client.ping({ timeout: timeoutMs, signal }))
      return true
    } catch (error) {
      // An answer, even a refusal to be pinged, comes from a server that knows the session.
      if (error instanceof ProtocolError) return true
      return false
    }
  }

  /** Runs `work` on this connection; its requests end with `signal`. */
  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#users++
    this.#used = true
    try {
      return await this.transport.within(signal, work)
    } finally {
      this.#users--
      if (this.#retired && this.#users === 0) await this.#close()
    }
  }

  /** No new use; closed as soon as the present ones end. */
  retire(): void {
    if (this.#retired) return
    this.#retired = true
    if (this.#users === 0) void this.#close()
  }

  /** Ends the session at the server and cuts off whatever still runs. */
  async end(): Promise<void> {
    this.#retired = true
    const goodbye = this.transport
      .within(AbortSignal.timeout(GOODBYE_MS), () => this.transport.terminateSession())
      .catch(() => {})
    await Promise.race([goodbye, after(GOODBYE_MS)])
    await this.#close()
  }

  async #close(): Promise<void> {
    await this.client.close().catch(() => {})
  }
}

const after = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms).unref()
  })
