// An MCP server (Streamable HTTP) with the tools of a small order desk, written with the official MCP SDK. It knows
// nothing of Countersign: it is what a user's own tool server looks like. Besides /mcp it answers GET /calls with
// every tool call that it executed, so that a story can be checked from the outside.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

interface ExecutedCall {
  readonly tool: string
  readonly params: unknown
  readonly idempotencyKey: unknown
  readonly at: string
}

const orders = new Map([
  ['ORD-1287', { customer: 'C-7', total: 2400, status: 'paid twice' }],
  ['ORD-1301', { customer: 'C-9', total: 60, status: 'delivered late' }],
  ['ORD-1302', { customer: 'C-9', total: 1800, status: 'delivered' }],
  ['ORD-1303', { customer: 'C-4', total: 5200, status: 'in transit' }],
  ['ORD-1304', { customer: 'C-4', total: 1500, status: 'damaged' }],
  ['ORD-1305', { customer: 'C-2', total: 3100, status: 'delivered' }],
  ['ORD-1306', { customer: 'C-2', total: 1250, status: 'delivered' }],
  ['ORD-1309', { customer: 'C-7', total: 4800, status: 'lost' }],
])

const executed: ExecutedCall[] = []

const orderDesk = (): McpServer => {
  const server = new McpServer({ name: 'order-tools', version: '1.0.0' })
  const order_id = z.string().describe('Number of the order, such as ORD-1287')

  const tool = <S extends z.ZodObject>(
    name: string,
    description: string,
    inputSchema: S,
    answer: (params: z.infer<S>) => string,
  ) => {
    server.registerTool(name, { description, inputSchema }, (async (
      params: z.infer<S>,
      ctx: { mcpReq: { _meta?: Record<string, unknown> } },
    ) => {
      executed.push({
        tool: name,
        params,
        idempotencyKey: ctx.mcpReq._meta?.['countersign.dev/idempotency-key'],
        at: new Date().toISOString(),
      })
      return { content: [{ type: 'text' as const, text: answer(params) }] }
    }) as never)
  }

  tool('get_order', 'Look an order up', z.object({ order_id }), params => {
    const order = orders.get(params.order_id)
    return order
      ? JSON.stringify({ order_id: params.order_id, ...order })
      : `There is no order ${params.order_id}.`
  })
  tool(
    'process_refund',
    'Pay money back to the customer of an order',
    z.object({
      order_id,
      amount: z.number().positive().describe('Euros'),
      card_number: z
        .string()
        .optional()
        .describe('Card that the money goes to, where it is not the one that paid'),
    }),
    params => `Refunded ${params.amount} EUR for ${params.order_id}.`,
  )
  tool('cancel_order', 'Cancel an order', z.object({ order_id }), params => `Cancelled ${params.order_id}.`)
  tool(
    'send_note',
    "Send a note to an order's customer",
    z.object({ order_id, text: z.string() }),
    params => `Sent a note about ${params.order_id}.`,
  )
  return server
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, host: { type: 'string', default: '127.0.0.1' } },
})
const mcp = toNodeHandler(createMcpHandler(orderDesk))

const http = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/mcp') return void mcp(request as never, response)
  if (pathname === '/calls' && request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(executed))
    return
  }
  response.writeHead(404).end()
})
http.listen(Number(values.port), values.host, () => {
  const { address, port } = http.address() as AddressInfo
  console.log(`order tools listening on http://${address}:${port}/mcp`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
