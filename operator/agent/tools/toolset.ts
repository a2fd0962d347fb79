import type { Toolset } from '../../../crds/v1alpha1/agent.ts'
import { type ToolsetConnection, type ToolsetOptions, ToolsetUnavailable } from '../types.ts'
import { httpToolset } from './http.ts'
import { notSent } from './outcomes.ts'
import { toHeaders } from './secret-headers.ts'

/**
 * A connection to a toolset. Headers that may not be sent (secrets.ts) make it unavailable. Nothing is sent before it is first used; it may be kept for as long as toolset and headers
 * are the same, and used by several runs at once.
 */
export function connectToolset(options: ToolsetOptions): ToolsetConnection {
  const { mcp, http } = options.toolset
  const headers = toHeaders(options.headers)
  if (!headers.ok) return unusable(`The toolset ${options.toolset.name} cannot be used: ${headers.message}`)
  if (mcp !== undefined)
    return lazily(async () => (await import('./mcp.ts')).mcpToolset(options, new URL(mcp.url)))
  return httpToolset(options, http?.tools ?? [])
}

/** A toolset that nothing may be sent to. */
const unusable = (why: string): ToolsetConnection => ({
  listTools: async () => {
    throw new ToolsetUnavailable(why)
  },
  call: async () => notSent(why),
  close: async () => {},
})

/** The MCP SDK takes most of a second to load: only an operator that has MCP toolsets waits for it, and only once. */
function lazily(connect: () => Promise<ToolsetConnection>): ToolsetConnection {
  let connection: Promise<ToolsetConnection> | undefined
  const connected = (): Promise<ToolsetConnection> => {
    connection ??= connect()
    return connection
  }
  return {
    listTools: async signal => (await connected()).listTools(signal),
    call: async request => (await connected()).call(request),
    close: async () => {
      await (await connection)?.close()
    },
  }
}

/** The hosts (no ports) that a toolset's headers are sent to: all of them must be named by its Secret. */
export function toolsetHosts(toolset: Toolset): readonly string[] {
  const urls = toolset.mcp ? [toolset.mcp.url] : (toolset.http?.tools ?? []).map(tool => tool.url)
  // What stands in braces is filled by parameters; a host has no placeholders (placeholders.ts refuses them).
  return [...new Set(urls.map(url => new URL(url.replace(/\{[^{}]*\}/g, 'x')).hostname))]
}
