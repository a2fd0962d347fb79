import type { AgentSpec, Toolset } from '../../../crds/v1alpha1/agent.ts'
import { modelURL } from '../../agent/model/provider.ts'

/**
 * What a limit protects is a server, whoever's agents use it and whatever they call it: two toolsets at one address share
 * one limit. Two addresses count as two servers even where they lead to the same one.
 */

/** Where a model is served, and which one; as text that is equal for the same model. */
export const modelServer = (model: AgentSpec['model']): string => {
  const url = modelURL(model)
  return `model ${url ? addressOf(url) : model.provider} ${model.name}`
}

/**
 * What a call of a tool goes to, as text that is equal for the same server: the endpoint of an MCP server, the host and
 * port of a tool that is an HTTP request. Undefined: nothing, there is no such tool.
 */
export const toolServer = (toolset: Toolset, tool: string): string | undefined => {
  if (toolset.mcp) return URL.canParse(toolset.mcp.url) ? addressOf(new URL(toolset.mcp.url)) : undefined
  const { url = '' } = toolset.http?.tools.find(({ name }) => `${toolset.name}.${name}` === tool) ?? {}
  // Hosts and ports have no placeholders; paths do, and differ with each tool.
  return URL.canParse(url) ? hostOf(new URL(url)) : undefined
}

/** Without what may be secret, or say what is asked and not whom: credentials, query, fragment. */
const addressOf = (url: URL): string => `${hostOf(url)}${url.pathname.replace(/\/+$/, '')}`

/** A Service is named with or without the usual domain of a cluster. */
const hostOf = ({ protocol, hostname, port }: URL): string => {
  const name = hostname.replace(/\.$/, '').replace(/\.svc\.cluster\.local$/, '.svc')
  return `${protocol}//${name}${port === '' ? '' : `:${port}`}`
}
