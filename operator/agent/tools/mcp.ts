import type { Tool } from '@modelcontextprotocol/client'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { schemaHash } from '../../policy/digests.ts'
import {
  type ToolCallRequest,
  type ToolDefinition,
  type ToolOutcome,
  type ToolsetConnection,
  type ToolsetOptions,
  ToolsetUnavailable,
} from '../types.ts'
import { type Deadline, deadline } from './deadline.ts'
import { resultText } from './mcp-content.ts'
import { type McpFailure, readMcpError } from './mcp-errors.ts'
import { McpSession } from './mcp-session.ts'
import { failed, gaveUp, MAYBE, notSent, result } from './outcomes.ts'

/** `_meta` key of a call's idempotency key. */
export const IDEMPOTENCY_KEY = 'countersign.dev/idempotency-key'

const MAX_TOOLS = 512
const MAX_DEFINITION_BYTES = 65_536
const TOOL_NAME = /^[a-zA-Z0-9_./-]{1,128}$/

/** The tools of an MCP server over Streamable HTTP, of the 2025 protocol versions (SDK 1.x) and of 2026-07-28. */
export function mcpToolset(options: ToolsetOptions, url: URL): ToolsetConnection {
  const connection = new McpConnection(options, url)
  return {
    listTools: signal => connection.listTools(signal),
    call: request => connection.call(request),
    close: () => connection.close(),
  }
}

class McpConnection {
  readonly #options: ToolsetOptions
  readonly #url: URL
  readonly #stop = new AbortController()
  #session: Promise<McpSession> | undefined
  /** The input schemas as last listed: what servers want mirrored into headers is declared there. */
  readonly #schemas = new Map<string, Tool['inputSchema']>()

  constructor(options: ToolsetOptions, url: URL) {
    this.#options = options
    this.#url = url
  }

  async listTools(signal: AbortSignal): Promise<readonly ToolDefinition[]> {
    const timeoutMs = this.#options.toolset.timeoutSeconds * 1000
    const time = deadline(timeoutMs, signal)
    try {
      const list = async (): Promise<Tool[]> => {
        const session = await this.#connected(time, timeoutMs)
        // The SDK would answer with an empty list, and say so on the console.
        if (session.client.getServerCapabilities()?.tools === undefined) return []
        return this.#using(session, time, async () => {
          const page = await session.client.listTools(undefined, {
            cacheMode: 'bypass',
            timeout: timeoutMs,
            signal: time.signal,
          })
          return page.tools
        })
      }
      // Listing changes nothing, so a connection that turned out dead is worth a second try.
      const tools = await time.race(
        list().catch(error => {
          if (time.signal.aborted) throw error
          this.#forget()
          return list()
        }),
      )
      return this.#definitions(tools)
    } catch (error) {
      if (error instanceof ToolsetUnavailable) throw error
      const why = time.givenUp()
      if (why === 'TimedOut') throw this.#unavailable(`did not answer within ${timeoutMs / 1000} s`)
      if (why === 'Stopped') throw this.#unavailable('did not answer in time')
      throw this.#unavailable(readMcpError(error).says)
    } finally {
      time.end()
    }
  }

  async call(request: ToolCallRequest): Promise<ToolOutcome> {
    const { tool, timeoutMs } = request
    const prefix = `${this.#options.toolset.name}.`
    if (!tool.startsWith(prefix)) return notSent(`The toolset has no tool ${tool}.`)
    const name = tool.slice(prefix.length)
    const time = deadline(timeoutMs, request.signal)
    let sent = false
    try {
      const session = await time.race(this.#connected(time, timeoutMs))
      if (time.signal.aborted) return gaveUp(tool, time.givenUp(), timeoutMs, false)
      sent = true
      const answer = await time.race(
        this.#using(session, time, () =>
          session.client.callTool(
            {
              name,
              arguments: request.params,
              _meta: { ...request.meta, [IDEMPOTENCY_KEY]: request.idempotencyKey },
            },
            {
              // Ours is the clock that counts.
              timeout: timeoutMs + 60_000,
              signal: time.signal,
              // With a definition given, the SDK never sends a call again; without an output schema in it, an answer
              // that does not fit one is still an answer.
              toolDefinition: { name, inputSchema: this.#schemas.get(name) ?? { type: 'object' } },
            },
          ),
        ),
      )
      const text = resultText(answer)
      return answer.isError
        ? failed(text === '' ? `The tool ${tool} failed and did not say why.` : text)
        : result(text)
    } catch (error) {
      const why = time.givenUp()
      if (why !== undefined) return gaveUp(tool, why, timeoutMs, sent)
      return outcomeOf(tool, readMcpError(error), sent)
    } finally {
      time.end()
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    const session = await this.#session?.catch(() => undefined)
    this.#session = undefined
    await session?.end()
  }

  /** A connection that was just made or just seen alive. */
  async #connected(time: Deadline, timeoutMs: number): Promise<McpSession> {
    const current = this.#session
    if (current !== undefined) {
      const session = await current
      if (await session.alive(timeoutMs, time.signal)) return session
      time.signal.throwIfAborted()
      if (this.#session === current) this.#forget()
    }
    this.#session ??= this.#connect(timeoutMs)
    return this.#session
  }

  #connect(timeoutMs: number): Promise<McpSession> {
    const { headers, egress } = this.#options
    const session = new McpSession(this.#url, headers, egress)
    // Bounded on its own and not by the first caller: others may be waiting for the same connection.
    const bound = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)])
    const connecting = session.connect(timeoutMs, bound).then(
      () => session,
      error => {
        if (this.#session === connecting) this.#session = undefined
        session.retire()
        throw error
      },
    )
    // Whoever waits for it hears of the error; if nobody does any more, it is no news.
    connecting.catch(() => {})
    return connecting
  }

  async #using<T>(session: McpSession, time: Deadline, work: () => Promise<T>): Promise<T> {
    try {
      return await session.use(time.signal, work)
    } catch (error) {
      // After anything but an answer in the protocol, the next call starts on a new connection.
      if (!time.signal.aborted && readMcpError(error).ran !== 'Refused') this.#forget()
      throw error
    }
  }

  #forget(): void {
    const session = this.#session
    this.#session = undefined
    session?.then(
      each => each.retire(),
      () => {},
    )
  }

  #definitions(tools: readonly Tool[]): readonly ToolDefinition[] {
    const { name: toolset } = this.#options.toolset
    if (tools.length > MAX_TOOLS) {
      throw this.#unavailable(`has ${tools.length} tools, more than the ${MAX_TOOLS} allowed`)
    }
    const definitions = new Map<string, ToolDefinition>()
    for (const tool of tools) {
      if (!TOOL_NAME.test(tool.name)) {
        const shown = JSON.stringify(tool.name.toWellFormed().slice(0, 128))
        throw this.#unavailable(
          `has a tool named ${shown}: a name has at most 128 letters, digits, dots, dashes, slashes and underscores`,
        )
      }
      const name = `${toolset}.${tool.name}`
      if (definitions.has(name)) throw this.#unavailable(`names two tools ${tool.name}`)
      definitions.set(name, this.#definition(name, tool))
    }
    this.#schemas.clear()
    for (const tool of tools) this.#schemas.set(tool.name, tool.inputSchema)
    return [...definitions.values()]
  }

  #definition(name: string, tool: Tool): ToolDefinition {
    const described = {
      name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      inputSchema: tool.inputSchema as JsonObject,
    }
    let size: number
    let hash: string
    try {
      size = Buffer.byteLength(JSON.stringify(described))
      hash = schemaHash(described)
    } catch {
      throw this.#unavailable(`describes the tool ${tool.name} in a way that is no plain JSON`)
    }
    if (size > MAX_DEFINITION_BYTES) {
      throw this.#unavailable(`describes the tool ${tool.name} in more than ${MAX_DEFINITION_BYTES} bytes`)
    }
    return { ...described, toolset: this.#options.toolset.name, schemaHash: hash }
  }

  #unavailable(says: string): ToolsetUnavailable {
    const { name } = this.#options.toolset
    // Without the query: some people put a key there.
    return new ToolsetUnavailable(`The toolset ${name} (${this.#url.origin}${this.#url.pathname}) ${says}.`)
  }
}

function outcomeOf(tool: string, failure: McpFailure, sent: boolean): ToolOutcome {
  if (!sent || failure.ran === 'No') {
    return notSent(`The server of the tool ${tool} ${failure.says}. The call was not sent.`)
  }
  return failed(
    `The server of the tool ${tool} ${failure.says}.${failure.ran === 'Maybe' ? ` ${MAYBE}` : ''}`,
  )
}
