import type { AgentSpec, Toolset } from '../../crds/v1alpha1/agent.ts'
import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import type { Egress } from '../egress/egress.ts'

export type { Egress }

/** A tool as the model is told of it and as the Agent pins it. */
export interface ToolDefinition {
  /** Full name, `toolset.tool`. */
  readonly name: string
  /** Name of the toolset that it comes from. */
  readonly toolset: string
  readonly description?: string
  /** JSON Schema of the parameters: an object. */
  readonly inputSchema: JsonObject
  /** `sha256:<hex>` over name, description and schema as the toolset serves them now. */
  readonly schemaHash: string
}

/** One call as the model asked for it. */
export interface ProviderCall {
  /** The provider's own id; unique in its answer and sent back with the result. Never a key of ours. */
  readonly providerCallID: string
  /** Full name of the tool, or the unknown name that the model made up, cut at 256 characters. */
  readonly tool: string
  /** Its parameters, or why there are none: a sentence for the model. */
  readonly input:
    | { readonly ok: true; readonly params: JsonObject }
    | { readonly ok: false; readonly error: string }
}

/** One answer of the model. */
export interface ModelAnswer {
  readonly text: string
  /** In the order of the answer, at most 64. Each gets exactly one result, those refused too. */
  readonly calls: readonly ProviderCall[]
  /** The assistant's messages with the provider's opaque state, and no tool result of ours: `AgentTurn.spec.messages`. */
  readonly messages: JsonValue[]
  /** In the words of the ai package: `stop`, `length`, `tool-calls`, `content-filter`, `error`, `other`. */
  readonly finishReason: string
  readonly usage: { readonly inputTokens?: number; readonly outputTokens?: number }
}

/** A message of the conversation as the ai package's `ModelMessage` is written in JSON. */
export type ConversationMessage = JsonObject & { role: string }

export interface ModelRequest {
  readonly model: AgentSpec['model']
  readonly apiKey?: string
  readonly system?: string
  readonly messages: readonly ConversationMessage[]
  readonly tools: readonly ToolDefinition[]
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** How the model is reached. */
  readonly egress: Egress
  /** Wall clock in milliseconds; read only for a Retry-After date of a server that sends no Date. */
  readonly now?: () => number
}

/**
 * What became of a tool call, as the model is told.
 * `sent: false` only when the request provably never left: then, and only then, the tool cannot have run.
 */
export interface ToolOutcome {
  readonly kind: 'Result' | 'Error'
  /** At most 64 KiB of UTF-8 with the mark that says so. */
  readonly text: string
  readonly sent: boolean
}

export interface ToolCallRequest {
  /** Full name, `toolset.tool`. */
  readonly tool: string
  readonly params: JsonObject
  /** Sent as `Idempotency-Key`, or as `_meta["countersign.dev/idempotency-key"]`. */
  readonly idempotencyKey: string
  /** More for the tool server: `_meta` of an MCP call. HTTP tools get none of it. */
  readonly meta?: JsonObject
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** A toolset that can be asked and called. Connects when first used, and again when the server came back. */
export interface ToolsetConnection {
  /**
   * The tools as the server serves them now, every page, in its order.
   * @throws ToolsetUnavailable when they cannot be had.
   */
  listTools(signal: AbortSignal): Promise<readonly ToolDefinition[]>
  /** Calls once. Whatever the server does becomes an outcome; nothing is thrown. */
  call(request: ToolCallRequest): Promise<ToolOutcome>
  close(): Promise<void>
}

export interface ToolsetOptions {
  readonly toolset: Toolset
  /** From the toolset's Secret (secrets.ts checks names and values). */
  readonly headers: Readonly<Record<string, string>>
  readonly egress: Egress
}

/** The toolset did not answer or answered rubbish. The message is for people: no body, header or key. */
export class ToolsetUnavailable extends Error {
  override readonly name = 'ToolsetUnavailable'
}

export type ModelErrorKind = 'Transient' | 'Permanent'

/** The model gave no usable answer. The message is for people: no body, header or key. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  /** Transient: the same request may succeed later. Permanent: something must be changed first. */
  readonly kind: ModelErrorKind
  /** How long the provider asked us to wait. */
  readonly retryAfterSeconds: number | undefined
  constructor(
    kind: ModelErrorKind,
    message: string,
    options: { retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.kind = kind
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
