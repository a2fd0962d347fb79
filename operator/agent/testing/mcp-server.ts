import { randomUUID } from 'node:crypto'
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { TestServer } from './http-server.ts'

/** Which protocol a test's MCP server speaks: of 2026-07-28, or of 2025 with or without sessions. */
export type Era = 'Modern' | 'Sessions' | 'Stateless'

export interface McpTestServer extends AsyncDisposable {
  readonly http: TestServer
  readonly url: string
  /** Sessions opened since the start. */
  readonly sessions: ReadonlySet<string>
}

/** An MCP server with the tools that `register` adds (to a new server for each session, or for each request). */
export async function startMcpServer(
  era: Era,
  register: (server: McpServer) => void,
  port = 0,
): Promise<McpTestServer> {
  const create = (): McpServer => {
    const server = new McpServer({ name: 'test', version: '1.0.0' }, { capabilities: { tools: {} } })
    register(server)
    return server
  }
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const modern = toNodeHandler(createMcpHandler(create))
  const http = await TestServer.start(async (request, response, seen) => {
    const body: unknown = seen.body === '' ? undefined : JSON.parse(seen.body)
    if (era === 'Modern') return modern(request as never, response, body)
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (known !== undefined) return known.handleRequest(request, response, body)
    if (id !== undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }),
      )
      return
    }
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: era === 'Sessions' ? randomUUID : undefined,
      onsessioninitialized: session => {
        sessions.set(session, transport)
      },
    })
    await create().connect(transport)
    await transport.handleRequest(request, response, body)
  }, port)
  return {
    http,
    url: `${http.url}/mcp`,
    get sessions() {
      return new Set(sessions.keys())
    },
    [Symbol.asyncDispose]: () => http.stop(),
  }
}

/** The `tools/call` requests that a server received. */
export function callsSeen(server: McpTestServer): Record<string, unknown>[] {
  return server.http.seen
    .filter(({ body }) => body.includes('"tools/call"'))
    .map(({ body }) => JSON.parse(body).params as Record<string, unknown>)
}
