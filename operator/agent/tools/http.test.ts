import { afterEach, describe, expect, it } from 'vitest'
import type { HttpTool } from '../../../crds/v1alpha1/agent.ts'
import { createEgress } from '../../egress/egress.ts'
import { freePort, type Handler, json, TestServer } from '../testing/http-server.ts'
import type { ToolCallRequest } from '../types.ts'
import { connectToolset, toolsetHosts } from './toolset.ts'

const egress = createEgress({ allowLoopback: true })
const open: TestServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

async function serve(handler: Handler): Promise<TestServer> {
  const server = await TestServer.start(handler)
  open.push(server)
  return server
}

const toolset = (tools: HttpTool[]) => ({
  name: 'crm',
  timeoutSeconds: 10,
  retryUnknown: false,
  http: { tools },
})

function call(
  tool: Partial<HttpTool> & { url: string },
  request: Partial<ToolCallRequest> = {},
  headers = {},
) {
  const connection = connectToolset({
    toolset: toolset([{ name: 'lookup', method: 'POST', ...tool }]),
    headers,
    egress,
  })
  return connection.call({
    tool: 'crm.lookup',
    params: {},
    idempotencyKey: 'key-1',
    timeoutMs: 5000,
    signal: new AbortController().signal,
    ...request,
  })
}

describe('a call', () => {
  it('by POST sends its parameters as JSON, with the headers of the Secret and an idempotency key', async () => {
    const server = await serve((_, response) => json(response, { found: true }))
    const outcome = await call(
      { url: `${server.url}/lookup` },
      { params: { email: 'a@b.c', deep: { null: null } } },
      { Authorization: 'Bearer t' },
    )
    expect(outcome).toEqual({ kind: 'Result', text: '{"found":true}', sent: true })
    expect(server.seen).toHaveLength(1)
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/lookup',
      headers: { authorization: 'Bearer t', 'idempotency-key': 'key-1', 'content-type': 'application/json' },
    })
    expect(server.lastBody).toEqual({ email: 'a@b.c', deep: { null: null } })
  })

  it.each(['GET', 'DELETE'] as const)('by %s sends its parameters in the query', async method => {
    const server = await serve((_, response) => json(response, {}))
    await call(
      { url: `${server.url}/customers/{id}?view=full`, method },
      { params: { id: 'C 7/8', tag: ['a', 'b&c'], filter: { x: 1 }, n: 5 } },
    )
    const url = new URL(server.seen[0]!.path, server.url)
    expect(server.seen[0]).toMatchObject({ method, body: '' })
    expect(url.pathname).toBe('/customers/C%207%2F8')
    expect([...url.searchParams]).toEqual([
      ['view', 'full'],
      ['tag', 'a'],
      ['tag', 'b&c'],
      ['filter', '{"x":1}'],
      ['n', '5'],
    ])
  })

  it('by PUT fills placeholders and leaves them out of the body', async () => {
    const server = await serve((_, response) => json(response, {}))
    await call(
      { url: `${server.url}/{kind}/{id}`, method: 'PUT' },
      { params: { kind: 'orders', id: 7, note: 'x' } },
    )
    expect(server.seen[0]).toMatchObject({ method: 'PUT', path: '/orders/7', body: '{"note":"x"}' })
  })
})

describe('is refused before anything is sent, when', () => {
  it.each([
    ['a placeholder has no parameter', '/c/{id}', {}, /parameter id is missing/],
    ['it comes from the prototype', '/c/{constructor}', {}, /parameter constructor is missing/],
    ['it is empty', '/c/{id}', { id: '' }, /not empty/],
    ['it is null', '/c/{id}', { id: null }, /must be a string/],
    ['it is an object', '/c/{id}', { id: {} }, /must be a string/],
    ['it is half a character', '/c/{id}', { id: '\ud800' }, /must be a string/],
    ['it leads upwards', '/c/{id}/orders', { id: '..' }, /may not be \. or \.\./],
    ['it stands still', '/c/{id}', { id: '.' }, /may not be \. or \.\./],
    ['two together lead upwards', '/c/{a}{b}/orders', { a: '.', b: '.' }, /may not be \. or \.\./],
    ['a part is written by the URL', '/c/%2E{a}/orders', { a: '.' }, /may not be \. or \.\./],
  ])('%s', async (_, path, params, error) => {
    const server = await serve((_request, response) => json(response, {}))
    const outcome = await call({ url: server.url + path, method: 'GET' }, { params: params as never })
    expect(outcome).toMatchObject({ kind: 'Error', sent: false, text: expect.stringMatching(error) })
    expect(server.seen).toEqual([])
  })

  it.each([
    [
      'a value would change what the URL fixes',
      '/c?admin=false',
      { admin: 'true' },
      /fixed by the tool's URL/,
    ],
    ['the placeholder is in the host', '', {}, /placeholder in its host/],
  ])('%s', async (_, path, params, error) => {
    const server = await serve((_request, response) => json(response, {}))
    const url = path === '' ? 'http://{host}.test/x' : server.url + path
    const outcome = await call({ url, method: 'GET' }, { params })
    expect(outcome).toMatchObject({ kind: 'Error', sent: false, text: expect.stringMatching(error) })
    expect(server.seen).toEqual([])
  })

  it.each(['../../admin', '..%2f..%2fadmin', '..\\..\\admin', '?x=1', '#x', '@evil.test/', '//evil.test'])(
    'a value such as %s stays in its segment',
    async id => {
      const server = await serve((_request, response) => json(response, {}))
      await call({ url: `${server.url}/c/{id}/orders`, method: 'GET' }, { params: { id } })
      expect(server.seen[0]?.path).toBe(`/c/${encodeURIComponent(id)}/orders`)
    },
  )

  it('the toolset has no such tool', async () => {
    expect(await call({ url: 'http://unused.test' }, { tool: 'crm.other' })).toMatchObject({ sent: false })
  })

  it('the caller has stopped already', async () => {
    const server = await serve((_, response) => json(response, {}))
    const outcome = await call({ url: server.url }, { signal: AbortSignal.abort() })
    expect(outcome).toMatchObject({ kind: 'Error', sent: false })
    expect(server.seen).toEqual([])
  })

  it('nobody listens', async () => {
    const outcome = await call({ url: `http://127.0.0.1:${await freePort()}/x` })
    expect(outcome).toEqual({
      kind: 'Error',
      text: 'The tool crm.lookup could not be reached: the connection was refused: nothing listens there. The call was not sent.',
      sent: false,
    })
  })
})

describe('an answer', () => {
  it('of HTTP 404 is an error with its status and words', async () => {
    const server = await serve((_, response) => json(response, { error: 'no such customer' }, 404))
    expect(await call({ url: server.url })).toEqual({
      kind: 'Error',
      text: 'The tool crm.lookup answered HTTP 404: {"error":"no such customer"}',
      sent: true,
    })
  })

  it('of HTTP 500 with a megabyte is cut', async () => {
    const server = await serve((_, response) => void response.writeHead(500).end('x'.repeat(1024 * 1024)))
    const { text } = await call({ url: server.url })
    expect(text).toMatch(/^The tool crm\.lookup answered HTTP 500: x+…$/)
    expect(text.length).toBeLessThan(5000)
  })

  it('without content says so', async () => {
    const server = await serve((_, response) => void response.writeHead(204).end())
    expect(await call({ url: server.url })).toEqual({
      kind: 'Result',
      text: 'HTTP 204, no content',
      sent: true,
    })
  })

  it.each([301, 302, 303, 307, 308])('that redirects (%i) is not followed', async status => {
    const target = await serve((_, response) => json(response, {}))
    const server = await serve(
      (_, response) => void response.writeHead(status, { location: target.url }).end(),
    )
    const outcome = await call({ url: server.url }, {}, { Authorization: 'Bearer t' })
    expect(outcome).toEqual({
      kind: 'Error',
      text: `The server of the tool crm.lookup answered with a redirect (HTTP ${status}), which is never followed.`,
      sent: true,
    })
    expect(target.seen).toEqual([])
  })

  it('that never ends is cut at 64 KiB, and the rest is not read', async () => {
    let sent = 0
    const server = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('é'.repeat(32_768))) sent += 65_536
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const outcome = await call({ url: server.url })
    expect(outcome.kind).toBe('Result')
    expect(outcome.text).toMatch(/é\n\[cut here: the answer was longer than 65536 bytes\]$/)
    expect(Buffer.byteLength(outcome.text)).toBeLessThanOrEqual(65_536)
    expect(outcome.text).not.toContain('\ufffd')
    expect(sent).toBeLessThan(20_000_000)
  })

  it('of exactly 64 KiB is whole', async () => {
    const server = await serve((_, response) => void response.end('x'.repeat(65_536)))
    expect((await call({ url: server.url })).text).toBe('x'.repeat(65_536))
  })

  it('of 64 KiB and one byte in the middle of a character is cut', async () => {
    const server = await serve((_, response) => void response.end(`${'x'.repeat(65_535)}é`))
    expect((await call({ url: server.url })).text).toMatch(/x\n\[cut here/)
  })

  it('that is no text is an error', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([0x89, 0x50, 0xff, 0xfe]))
    })
    expect(await call({ url: server.url })).toMatchObject({
      kind: 'Error',
      text: 'The tool crm.lookup was called and answered bytes that are not UTF-8 text (image/png).',
    })
  })

  it.each<[string, Handler]>([
    ['never comes', () => {}],
    ['begins and never ends', (_, response) => void response.writeHead(200).write('{')],
  ])('that %s is given up when the time is over', async (_, handler) => {
    const server = await serve(handler)
    expect(await call({ url: server.url }, { timeoutMs: 100 })).toEqual({
      kind: 'Error',
      text: 'The tool crm.lookup did not answer within 0.1 s. The call may or may not have been executed.',
      sent: true,
    })
    expect(server.seen).toHaveLength(1)
  })

  it.each<[string, Handler]>([
    ['at once', (_, response) => void response.destroy()],
    [
      'in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{')
        setImmediate(() => response.destroy())
      },
    ],
    ['with rubbish instead of HTTP', request => void request.socket.end('NOT HTTP\r\n\r\n')],
  ])('of a server that closes %s leaves the outcome open', async (_, handler) => {
    const server = await serve(handler)
    const outcome = await call({ url: server.url })
    expect(outcome).toMatchObject({ kind: 'Error', sent: true })
    expect(outcome.text).toMatch(
      /^The tool crm\.lookup did not answer: .*The call may or may not have been executed\.$/,
    )
    expect(server.seen).toHaveLength(1)
  })
})

it('sends nothing with a header that may not be sent, and does not repeat it', async () => {
  const server = await serve((_, response) => json(response, {}))
  const outcome = await call({ url: server.url }, {}, { 'x-key': 'hunter2\r\nHost: evil.test' })
  expect(outcome).toEqual({
    kind: 'Error',
    text: 'The toolset crm cannot be used: The value of the key x-key of the Secret may not stand in a header.',
    sent: false,
  })
  expect(server.seen).toEqual([])
})

it('lists its tools as the Agent says them', async () => {
  const inputSchema = { type: 'object', properties: { email: { type: 'string' } } }
  const connection = connectToolset({
    toolset: toolset([
      {
        name: 'lookup',
        description: 'Find a customer',
        method: 'POST',
        url: 'http://crm/lookup',
        inputSchema,
      },
      { name: 'ping', method: 'GET', url: 'http://crm/ping' },
    ]),
    headers: {},
    egress,
  })
  expect(await connection.listTools(new AbortController().signal)).toEqual([
    {
      name: 'crm.lookup',
      toolset: 'crm',
      description: 'Find a customer',
      inputSchema,
      schemaHash: expect.stringMatching(/^sha256:/),
    },
    {
      name: 'crm.ping',
      toolset: 'crm',
      inputSchema: { type: 'object', properties: {} },
      schemaHash: expect.stringMatching(/^sha256:/),
    },
  ])
})

it('names the hosts that its headers go to', () => {
  const tool = (url: string): HttpTool => ({ name: url.length.toString(), method: 'GET', url })
  expect(
    toolsetHosts(
      toolset([tool('http://crm.shop.svc:8080/a/{b}'), tool('https://CRM.shop.svc/c'), tool('http://x/')]),
    ),
  ).toEqual(['crm.shop.svc', 'x'])
})
