import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createEgress } from '../../egress/egress.ts'
import { json, type SeenRequest, TestServer } from '../testing/http-server.ts'
import type { ToolsetConnection } from '../types.ts'
import { connectToolset } from './toolset.ts'

// Servers that no SDK would write: the handshake is right, what follows is not.

const egress = createEgress({ allowLoopback: true })
const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

type Answer = (response: ServerResponse, id: unknown, seen: SeenRequest) => void

/** A server of 2025 without sessions, whose answer to tools/call (or tools/list) is as given. */
async function serve(answer: Answer, method = 'tools/call'): Promise<[ToolsetConnection, TestServer]> {
  const server = await TestServer.start((_, response, seen) => {
    const request = seen.body === '' ? {} : JSON.parse(seen.body)
    const reply = (result: unknown): void => json(response, { jsonrpc: '2.0', id: request.id, result })
    if (request.method === method) return answer(response, request.id, seen)
    switch (request.method) {
      case 'initialize':
        return reply({
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'odd', version: '1' },
        })
      case 'tools/list':
        return reply({ tools: [{ name: 'refund', inputSchema: { type: 'object' } }] })
      case 'notifications/initialized':
      case 'notifications/cancelled':
        response.writeHead(202).end()
        return
      default:
        return json(response, { jsonrpc: '2.0', id: request.id, error: { code: -32601, message: 'no' } }, 400)
    }
  })
  const toolset = { name: 'odd', timeoutSeconds: 5, retryUnknown: false, mcp: { url: `${server.url}/mcp` } }
  const connection = connectToolset({ toolset, headers: {}, egress })
  open.push(server, { [Symbol.asyncDispose]: () => connection.close() })
  return [connection, server]
}

const never = new AbortController().signal
const call = (connection: ToolsetConnection, timeoutMs = 3000) =>
  connection.call({ tool: 'odd.refund', params: {}, idempotencyKey: 'k', timeoutMs, signal: never })

const calls = (server: TestServer): number =>
  server.seen.filter(({ body }) => body.includes('"tools/call"')).length
const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })
const MAYBE = /The call may or may not have been executed\.$/

describe('a call is sent once, and its outcome is open, when the server', () => {
  it.each<[string, Answer, RegExp]>([
    [
      'ends its stream without an answer',
      response => void stream(response).end(': nothing\n\n'),
      /ended its answer without a result/,
    ],
    [
      'ends a stream that it offers to resume',
      response => void stream(response).end('id: 1\nretry: 1\ndata:\n\n'),
      /ended its answer without a result/,
    ],
    [
      'breaks a stream that it offers to resume',
      response => {
        stream(response).write('id: 1\nretry: 1\ndata:\n\n')
        setTimeout(() => response.destroy(), 20)
      },
      /ended its answer without a result/,
    ],
    [
      'streams rubbish',
      response => void stream(response).end('data: {"jsonrpc": "2\n\n'),
      /ended its answer without a result/,
    ],
    [
      'answers another request',
      response => void stream(response).end('data: {"jsonrpc":"2.0","id":999,"result":{}}\n\n'),
      /ended its answer without a result/,
    ],
    [
      'answers rubbish',
      response => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"json'),
      /not of the Model Context Protocol/,
    ],
    [
      'answers another kind of JSON',
      (response, id) => json(response, { jsonrpc: '2.0', id, result: { content: 'words' } }),
      /not of the Model Context Protocol/,
    ],
    [
      'answers HTML',
      response => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      /not of the Model Context Protocol/,
    ],
    ['breaks the connection', response => void response.destroy(), /connection broke/],
    ['is out of order', response => void response.writeHead(502).end('bad gateway'), /answered HTTP 502/],
    ['does not know us', response => void response.writeHead(404).end(), /answered HTTP 404/],
    ['answers more than 8 MiB', response => json(response, 'x'.repeat(9_000_000)), /more than 8388608 bytes/],
    [
      'never stops streaming',
      response => {
        stream(response)
        const more = (): void => {
          while (!response.destroyed && response.write(`: ${'x'.repeat(65_536)}\n`));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      },
      /more than 8388608 bytes/,
    ],
  ])('%s', async (_, answer, says) => {
    const [connection, server] = await serve(answer)
    const outcome = await call(connection)
    expect(outcome).toMatchObject({ kind: 'Error', sent: true })
    expect(outcome.text).toMatch(says)
    expect(outcome.text).toMatch(MAYBE)
    expect(calls(server)).toBe(1)
    expect(server.seen.filter(({ method }) => method === 'GET')).toEqual([])
  })

  it.each<[string, Answer]>([
    ['never answers', () => {}],
    ['takes the request and says nothing', response => void response.writeHead(202).end()],
    [
      'streams that it works on it, and on',
      response => {
        stream(response)
        const timer = setInterval(
          () =>
            response.write(
              'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0,"progress":1}}\n\n',
            ),
          20,
        )
        response.on('close', () => clearInterval(timer))
      },
    ],
  ])('%s, until the time is over', async (_, answer) => {
    const [connection, server] = await serve(answer)
    expect(await call(connection, 200)).toEqual({
      kind: 'Error',
      text: 'The tool odd.refund did not answer within 0.2 s. The call may or may not have been executed.',
      sent: true,
    })
    expect(calls(server)).toBe(1)
  })
})

it('a redirect of the call alone is not followed', async () => {
  const [connection, server] = await serve(
    response => void response.writeHead(307, { location: '/other' }).end(),
  )
  const outcome = await call(connection)
  expect(outcome.text).toBe(
    'The server of the tool odd.refund answered with a redirect (HTTP 307), which is never followed.',
  )
  expect(server.seen.filter(({ path }) => path !== '/mcp')).toEqual([])
})

it('an error of the protocol is told in its own words, at most 4 KiB of them', async () => {
  const error = { code: -32602, message: `bad amount ${'x'.repeat(10_000)}` }
  const [connection] = await serve((response, id) => json(response, { jsonrpc: '2.0', id, error }))
  const { text } = await call(connection)
  expect(text).toContain('refused: ')
  expect(text).toContain('bad amount')
  expect(text.length).toBeLessThan(5000)
})

it('an answer on a stream, after news of other things, is the answer', async () => {
  const [connection] = await serve((response, id) => {
    stream(response).write(
      'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\n\n',
    )
    response.end(
      `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'ok' }] } })}\n\n`,
    )
  })
  expect(await call(connection)).toEqual({ kind: 'Result', text: 'ok', sent: true })
})

it('a half character in a result becomes a whole one', async () => {
  const [connection] = await serve((response, id) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"a\\ud800b"}]}}`),
  )
  expect((await call(connection)).text).toBe('a\ufffdb')
})

describe('a list is refused, with a reason, when', () => {
  const tool = (changes: object = {}) => ({ name: 'refund', inputSchema: { type: 'object' }, ...changes })
  it.each<[string, unknown, string]>([
    ['two tools have one name', [tool(), tool()], 'names two tools refund'],
    [
      'a tool has a name that no gate could match',
      [tool({ name: 'refund *' })],
      'has a tool named "refund *"',
    ],
    ['a tool has no name', [tool({ name: '' })], 'has a tool named ""'],
    [
      'a tool is described without end',
      [tool({ description: 'x'.repeat(70_000) })],
      'in more than 65536 bytes',
    ],
    ['a tool is described with half a character', [tool({ description: '\ud800' })], 'no plain JSON'],
    [
      'there are too many',
      Array.from({ length: 513 }, (_, i) => tool({ name: `t${i}` })),
      'more than the 512 allowed',
    ],
    ['a schema is no object', [tool({ inputSchema: 'any' })], 'not of the Model Context Protocol'],
    ['it is no list', 'tools', 'not of the Model Context Protocol'],
  ])('%s', async (_, tools, says) => {
    const [connection] = await serve(
      (response, id) => json(response, { jsonrpc: '2.0', id, result: { tools } }),
      'tools/list',
    )
    await expect(connection.listTools(never)).rejects.toThrow(says)
  })

  it('its pages never end', async () => {
    const [connection] = await serve((response, id, { body }) => {
      const page = Number(JSON.parse(body).params?.cursor ?? 0)
      const tools = [tool({ name: `t${page}` })]
      json(response, { jsonrpc: '2.0', id, result: { tools, nextCursor: String(page + 1) } })
    }, 'tools/list')
    await expect(connection.listTools(never)).rejects.toThrow(/^The toolset odd/)
  })
})
