import type { JsonObject } from '../../crds/v1alpha1/common.ts'
import { digest } from './canonical.ts'

/** `spec.paramsDigest`: over the params as they are shown, redacted values replaced by their keyed digests. */
export function paramsDigest(shown: JsonObject): string {
  return digest(shown)
}

/** What one approval is for. All digests are `sha256:<hex>`. */
export interface CallIdentity {
  /** The namespace. */
  readonly project: string
  readonly runUID: string
  /** `<turn>.<index>`. */
  readonly callID: string
  /** Full name of the tool. */
  readonly tool: string
  readonly paramsDigest: string
  /** `toolsetHash` of the toolset that the tool belongs to. */
  readonly toolset: string
  /** `schemaHash` of the tool. */
  readonly schema: string
}

/**
 * `spec.callDigest`: over exactly these seven members (design.md section 2). It is computed when the approval is asked
 * for and again, from the world as it is then, before the tool is called: if they differ the call is not made.
 */
export function callDigest(call: CallIdentity): string {
  const { project, runUID, callID, tool, paramsDigest, toolset, schema } = call
  return digest({ project, runUID, callID, tool, paramsDigest, toolset, schema })
}

/** Over a toolset as it stands in the Agent's spec: another URL or Secret is another toolset. */
export function toolsetHash(toolset: object): string {
  return digest(toolset)
}

/** A tool as its toolset describes it to the model. */
export interface ToolDefinition {
  readonly name: string
  readonly description?: string | undefined
  readonly inputSchema: unknown
}

/**
 * Over `{description, inputSchema}` of a tool (description left out where there is none): the `schema` of a callDigest
 * and the `schemaHash` that an Agent pins. The description counts because the model follows it: a server that changes
 * it after the tool was pinned can turn what the model does as surely as by another schema.
 */
export function schemaHash(tool: ToolDefinition): string {
  return digest({ description: tool.description, inputSchema: tool.inputSchema })
}

/** `status.toolsHash`: over `[{name, schemaHash}]` sorted by name, so that the order of the server's answer is nothing. */
export function toolsHash(tools: readonly { readonly name: string; readonly schemaHash: string }[]): string {
  const sorted = tools.map(({ name, schemaHash }) => ({ name, schemaHash }))
  return digest(sorted.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)))
}
