import { fromJsonSchema, inputRequired, type McpServer } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import type { Toolset } from '../../../crds/v1alpha1/agent.ts'
import { createEgress } from '../../egress/egress.ts'
import { freePort, json, TestServer } from '../testing/http-server.ts'
import { callsSeen, type Era, startMcpServer } from '../testing/mcp-server.ts'
import { type ToolCallRequest, type ToolsetConnection, ToolsetUnavailable } from '../types.ts'
import { connectToolset } from './toolset.ts'

const egress = createEgress({ allowLoopback: true })
const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

function connect(url: string, changes: Partial<Toolset> = {}, headers = {}): ToolsetConnection {
  const toolset = { name: 'order_tools', timeoutSeconds: 10, retryUnknown: false, mcp: { url }, ...changes }
  const connection = connectToolset({ toolset, headers, egress })
  open.push({ [Symbol.asyncDispose]: () => connection.close() })
  return connection
}

async function start(era: Era, register: (server: McpServer) => void, port?: number) {
  const server = await startMcpServer(era, register, port)
  open.push(server)
  return server
}

async function serve(handler: Parameters<typeof TestServer.start>[0]) {
  const server = await TestServer.start(handler)
  open.push(server)
  return server
}

const never = new AbortController().signal
const aCall = (changes: Partial<ToolCallRequest> = {}): ToolCallRequest => ({
  tool: 'order_tools.refund',
  params: { amount: 5 },
  idempotencyKey: 'key-1',
  timeoutMs: 5000,
  signal: never,
  ...changes,
})

const refundSchema = {
  type: 'object',
  properties: { amount: { type: 'number' } },
  required: ['amount'],
} as const
type Answer = Awaited<ReturnType<Parameters<McpServer['registerTool']>[2]>>
const refund =
  (answer: (params: { amount: number }) => unknown = ({ amount }) => text(`refunded ${amount}`)) =>
  (server: McpServer): void => {
    server.registerTool(
      'refund',
      { description: 'Refund', inputSchema: fromJsonSchema<{ amount: number }>(refundSchema) },
      async params => (await answer(params)) as never,
    )
  }
const text = (value: string): Answer => ({ content: [{ type: 'text', text: value }] }) as Answer

describe.each<Era>(['Modern', 'Sessions', 'Stateless'])('a server of the kind %s', era => {
  it('lists its tools with full names, schemas and hashes', async () => {
    const server = await start(era, refund())
    const tools = await connect(server.url).listTools(never)
    expect(tools).toEqual([
      {
        name: 'order_tools.refund',
        toolset: 'order_tools',
        description: 'Refund',
        inputSchema: expect.objectContaining(refundSchema),
        schemaHash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
    ])
  })

  it('is called once, with its parameters, the idempotency key and what else is in _meta', async () => {
    const server = await start(era, refund())
    const outcome = await connect(server.url).call(aCall({ meta: { 'countersign.dev/proof': 'jws' } }))
    expect(outcome).toEqual({ kind: 'Result', text: 'refunded 5', sent: true })
    expect(callsSeen(server)).toEqual([
      {
        name: 'refund',
        arguments: { amount: 5 },
        _meta: expect.objectContaining({
          'countersign.dev/idempotency-key': 'key-1',
          'countersign.dev/proof': 'jws',
        }),
      },
    ])
  })

  it('sends the headers of the Secret with every request', async () => {
    const server = await start(era, refund())
    const connection = connect(server.url, {}, { 'x-api-key': 'secret' })
    await connection.listTools(never)
    await connection.call(aCall())
    expect(server.http.seen.map(({ headers }) => headers['x-api-key'])).toEqual(
      server.http.seen.map(() => 'secret'),
    )
  })

  it('tells an error of the tool as an error', async () => {
    const server = await start(
      era,
      refund(() => ({ isError: true, content: [{ type: 'text', text: 'no such order' }] })),
    )
    expect(await connect(server.url).call(aCall())).toEqual({
      kind: 'Error',
      text: 'no such order',
      sent: true,
    })
  })

  it('tells an exception of the tool as an error', async () => {
    const server = await start(
      era,
      refund(() => {
        throw new Error('database down')
      }),
    )
    const outcome = await connect(server.url).call(aCall())
    expect(outcome).toMatchObject({ kind: 'Error', sent: true })
    expect(outcome.text).toContain('database down')
  })

  it('tells an unknown tool as an error', async () => {
    const server = await start(era, refund())
    const outcome = await connect(server.url).call(aCall({ tool: 'order_tools.refnd' }))
    expect(outcome).toMatchObject({ kind: 'Error', sent: true })
    expect(outcome.text).toContain('refnd')
  })

  it('cuts a result of a megabyte at 64 KiB and says so', async () => {
    const server = await start(
      era,
      refund(() => text('x'.repeat(1024 * 1024))),
    )
    const outcome = await connect(server.url).call(aCall())
    expect(outcome.kind).toBe('Result')
    expect(Buffer.byteLength(outcome.text)).toBeLessThanOrEqual(65_536)
    expect(outcome.text).toMatch(/\[cut here: the answer was longer than 65536 bytes\]$/)
  })

  it('gives up when the time is over, and says that the call may have been executed', async () => {
    const server = await start(
      era,
      refund(() => new Promise(() => {})),
    )
    const outcome = await connect(server.url).call(aCall({ timeoutMs: 200 }))
    expect(outcome).toEqual({
      kind: 'Error',
      text: 'The tool order_tools.refund did not answer within 0.2 s. The call may or may not have been executed.',
      sent: true,
    })
    expect(callsSeen(server)).toHaveLength(1)
  })

  it('stops when the caller does', async () => {
    const stop = new AbortController()
    const server = await start(
      era,
      refund(() => {
        stop.abort()
        return new Promise(() => {})
      }),
    )
    const outcome = await connect(server.url).call(aCall({ signal: stop.signal }))
    expect(outcome.text).toContain('was stopped before its answer came')
    expect(outcome.sent).toBe(true)
  })

  it('is called again after a restart, on a new session, and no call is sent twice', async () => {
    const server = await start(era, refund())
    const connection = connect(server.url)
    expect(await connection.call(aCall())).toMatchObject({ text: 'refunded 5' })
    const { port } = server.http
    await server.http.stop()
    const again = await start(
      era,
      refund(() => text('after the restart')),
      port,
    )
    expect(await connection.call(aCall())).toEqual({ kind: 'Result', text: 'after the restart', sent: true })
    expect(callsSeen(again)).toHaveLength(1)
  })

  it('that goes away in the middle of a call leaves its outcome open, and is not called again', async () => {
    const server = await start(
      era,
      refund(() => {
        void server.http.stop()
        return new Promise(() => {})
      }),
    )
    const outcome = await connect(server.url).call(aCall())
    expect(outcome).toMatchObject({ kind: 'Error', sent: true })
    expect(outcome.text).toMatch(/The call may or may not have been executed\.$/)
    expect(callsSeen(server)).toHaveLength(1)
  })

  it('that is gone was not called', async () => {
    const server = await start(era, refund())
    const connection = connect(server.url)
    await connection.listTools(never)
    await server.http.stop()
    const outcome = await connection.call(aCall())
    expect(outcome).toMatchObject({ kind: 'Error', sent: false })
    expect(outcome.text).toContain('The call was not sent.')
  })

  it('that comes back with another schema and one more tool shows both', async () => {
    const server = await start(era, refund())
    const connection = connect(server.url)
    const before = await connection.listTools(never)
    const { port } = server.http
    await server.http.stop()
    await start(
      era,
      changed => {
        changed.registerTool(
          'refund',
          {
            description: 'Refund',
            inputSchema: fromJsonSchema({ type: 'object', properties: { cents: { type: 'integer' } } }),
          },
          async () => text('other') as never,
        )
        changed.registerTool('wipe', { description: 'Wipe' }, async () => text('wiped') as never)
      },
      port,
    )
    const after = await connection.listTools(never)
    expect(after.map(({ name }) => name)).toEqual(['order_tools.refund', 'order_tools.wipe'])
    expect(after[0]?.schemaHash).not.toBe(before[0]?.schemaHash)
  })

  it('lists the pages of many tools, and calls several at once', async () => {
    const server = await start(era, each => {
      for (let i = 0; i < 120; i++) {
        each.registerTool(`tool_${i}`, { description: `${i}` }, async () => text(`answer ${i}`) as never)
      }
    })
    const connection = connect(server.url)
    expect(await connection.listTools(never)).toHaveLength(120)
    const outcomes = await Promise.all(
      [3, 50, 119].map(i => connection.call(aCall({ tool: `order_tools.tool_${i}`, params: {} }))),
    )
    expect(outcomes.map(({ text }) => text)).toEqual(['answer 3', 'answer 50', 'answer 119'])
  })
})

it.each<Era>(['Modern', 'Sessions'])(
  'a server (%s) that asks for more input gets none, and is called once',
  async era => {
    const elicit = { message: 'Sure?', requestedSchema: { type: 'object', properties: {} } } as const
    const server = await start(
      era,
      refund(() => inputRequired({ inputRequests: { sure: inputRequired.elicit(elicit) } })),
    )
    expect(await connect(server.url).call(aCall())).toMatchObject({ kind: 'Error', sent: true })
    expect(callsSeen(server)).toHaveLength(1)
  },
)

it('writes text, structured content, images and files as one text', async () => {
  const server = await start(
    'Modern',
    refund(() => ({
      content: [
        { type: 'text', text: 'Done.' },
        { type: 'image', mimeType: 'image/png', data: Buffer.alloc(300).toString('base64') },
        { type: 'resource', resource: { uri: 'file:///a.txt', text: 'inside' } },
        { type: 'resource_link', name: 'log', uri: 'https://example.test/log' },
      ],
      structuredContent: { id: 7 },
    })),
  )
  const { text: said } = await connect(server.url).call(aCall())
  expect(said.split('\n')).toEqual([
    'Done.',
    '[image image/png, 300 bytes, not shown]',
    'inside',
    '[resource log: https://example.test/log]',
    '{"id":7}',
  ])
})

it('does not repeat structured content that a text already holds', async () => {
  const server = await start(
    'Modern',
    refund(() => ({ content: [{ type: 'text', text: '{ "id": 7 }' }], structuredContent: { id: 7 } })),
  )
  expect((await connect(server.url).call(aCall())).text).toBe('{ "id": 7 }')
})

it('never follows a redirect', async () => {
  const target = await start('Stateless', refund())
  const server = await serve((_, response) => {
    response.writeHead(307, { location: target.url }).end()
  })
  const connection = connect(`${server.url}/mcp`)
  await expect(connection.listTools(never)).rejects.toThrow(/redirect \(HTTP 307\), which is never followed/)
  const outcome = await connection.call(aCall())
  expect(outcome).toMatchObject({ kind: 'Error', sent: false })
  expect(target.http.seen).toEqual([])
})

it('says which toolset does not answer, and why', async () => {
  const port = await freePort()
  const connection = connect(`http://127.0.0.1:${port}/mcp?key=abc`)
  const error = await connection.listTools(never).catch((each: unknown) => each)
  expect(error).toBeInstanceOf(ToolsetUnavailable)
  expect((error as Error).message).toBe(
    `The toolset order_tools (http://127.0.0.1:${port}/mcp) could not be reached: the connection was refused: nothing listens there.`,
  )
})

it('gives up listing a server that never answers', async () => {
  const server = await serve(() => {})
  const connection = connect(`${server.url}/mcp`, { timeoutSeconds: 0.2 })
  await expect(connection.listTools(never)).rejects.toThrow('did not answer within 0.2 s')
})

it.each([
  ['HTML', 'text/html', '<h1>hello</h1>'],
  ['broken JSON', 'application/json', '{"jsonrpc": "2.0", "id'],
  ['JSON of another kind', 'application/json', '{"ok": true}'],
  ['bytes', 'application/json', Buffer.from([0xff, 0xfe, 0x00, 0x01])],
])('a server that answers %s is unavailable', async (_, type, body) => {
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  const connection = connect(`${server.url}/mcp`)
  await expect(connection.listTools(never)).rejects.toThrow(ToolsetUnavailable)
  expect(await connection.call(aCall())).toMatchObject({ kind: 'Error', sent: false })
})

it.each([401, 403, 500, 503])('a server that answers HTTP %i is unavailable', async status => {
  const server = await serve((_request, response) => json(response, { secret: 'hunter2' }, status))
  const error: unknown = await connect(`${server.url}/mcp`)
    .listTools(never)
    .catch(each => each)
  expect(error).toBeInstanceOf(ToolsetUnavailable)
  expect((error as Error).message).toContain(`HTTP ${status}`)
  expect((error as Error).message).not.toContain('hunter2')
})
