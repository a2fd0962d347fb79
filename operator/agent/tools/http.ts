import type { HttpTool, Toolset } from '../../../crds/v1alpha1/agent.ts'
import { readText } from '../../egress/body.ts'
import { schemaHash } from '../../policy/digests.ts'
import type {
  ToolCallRequest,
  ToolDefinition,
  ToolOutcome,
  ToolsetConnection,
  ToolsetOptions,
} from '../types.ts'
import { deadline } from './deadline.ts'
import { connectionFailed, failed, gaveUp, notSent, result } from './outcomes.ts'
import { buildRequest } from './placeholders.ts'

/** How much of an error's body the model is told. */
const MAX_ERROR_BYTES = 4096

/** Tools that are single HTTP requests. Their definitions stand in the Agent; nothing is asked of a server. */
export function httpToolset(
  { toolset, headers, egress }: ToolsetOptions,
  tools: readonly HttpTool[],
): ToolsetConnection {
  const byName = new Map(tools.map(tool => [`${toolset.name}.${tool.name}`, tool]))
  return {
    listTools: async () => tools.map(tool => definition(toolset, tool)),
    async call(request) {
      const tool = byName.get(request.tool)
      if (tool === undefined) return notSent(`The toolset has no tool ${request.tool}.`)
      const built = buildRequest(tool, request.params)
      if (!built.ok) return notSent(built.error)
      const time = deadline(request.timeoutMs, request.signal)
      try {
        if (time.signal.aborted) return gaveUp(request.tool, time.givenUp(), request.timeoutMs, false)
        const response = await time.race(
          egress.fetch(built.url, {
            method: tool.method,
            headers: requestHeaders(headers, request, built.body !== undefined),
            ...(built.body === undefined ? {} : { body: built.body }),
            signal: time.signal,
          }),
        )
        return await time.race(read(request.tool, response))
      } catch (error) {
        const why = time.givenUp()
        return why === undefined
          ? connectionFailed(request.tool, error)
          : gaveUp(request.tool, why, request.timeoutMs, true)
      } finally {
        time.end()
      }
    },
    close: async () => {},
  }
}

function definition(toolset: Toolset, tool: HttpTool): ToolDefinition {
  const described = {
    name: `${toolset.name}.${tool.name}`,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    inputSchema: tool.inputSchema ?? { type: 'object', properties: {} },
  }
  return { ...described, toolset: toolset.name, schemaHash: schemaHash(described) }
}

function requestHeaders(
  secret: Readonly<Record<string, string>>,
  request: ToolCallRequest,
  hasBody: boolean,
): Headers {
  const headers = new Headers(secret)
  headers.set('idempotency-key', request.idempotencyKey)
  if (!headers.has('accept')) headers.set('accept', 'application/json, text/*;q=0.9, */*;q=0.1')
  if (hasBody) headers.set('content-type', 'application/json')
  return headers
}

async function read(tool: string, response: Response): Promise<ToolOutcome> {
  const body = await readText(response, response.ok ? undefined : MAX_ERROR_BYTES)
  if (!response.ok) {
    const said = body.ok && body.text.trim() !== '' ? `: ${body.text}${body.cut ? '…' : ''}` : ''
    return failed(`The tool ${tool} answered HTTP ${response.status}${said}`)
  }
  if (!body.ok) {
    const type = response.headers.get('content-type') ?? 'no content type'
    return failed(`The tool ${tool} was called and answered bytes that are not UTF-8 text (${type}).`)
  }
  if (body.text === '') return result(`HTTP ${response.status}, no content`)
  return result(body.text, body.cut)
}
