import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { answer } from '../../../kube/testing.ts'
import type { LimitOptions, Timeouts } from '../limits/options.ts'
import { type ScriptedGateway, scriptedGateway } from '../testing-api.ts'
import { impatient, say } from './testing-raw.ts'

let running: ScriptedGateway
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await running.close()
})

const start = async (limits: Partial<LimitOptions> = {}, timeouts: Partial<Timeouts> = {}) => {
  running = await scriptedGateway(() => {}, { limits: impatient(limits, timeouts) })
  return running.gateway.port
}

/** A connection that stays as it is; `heard` is what came back when the gateway ended it. */
function open(port: number, bytes: string, localAddress = '127.0.0.1', allowHalfOpen = false) {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen })
  sockets.push(socket)
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  const heard = new Promise<string>(resolve => socket.on('close', () => resolve(text)))
  return { socket, heard }
}

/** Writes one byte after the other for as long as it may. */
function drip(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), 20)
  socket.on('close', () => clearInterval(timer))
}

const post = '/api/v1/projects/shop/approvals/order-run-1-0/approve'
const head = (authorization: string, lines: string) =>
  `POST ${post} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n${lines}\r\n`

describe('a connection', () => {
  test('should end when nothing is said on it', async () => {
    const port = await start()
    expect(await open(port, '').heard).toMatch(/^HTTP\/1\.1 408 .*"code":"RequestTimeout"/s)
  })

  test('should end when its headers do not, however busily they are sent', async () => {
    const port = await start()
    const { socket, heard } = open(port, 'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nA: ')
    drip(socket, 'a')
    const text = await heard
    expect(text).toMatch(/^HTTP\/1\.1 408 .*"code":"RequestTimeout"/s)
    expect(text).toMatch(/x-content-type-options: nosniff/)
  })

  test('should end when the body of somebody known does not', async () => {
    const port = await start()
    const { socket, heard } = open(port, head('Bearer front', 'Content-Length: 1000\r\n'))
    drip(socket, ' ')
    expect(await heard).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('should end when no further request comes', async () => {
    const port = await start()
    const { statuses, ended } = await say(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    expect({ statuses, ended }).toEqual({ statuses: [200], ended: true })
  })

  test('should end when an answer is not read', async () => {
    // More than the system buffers for both sides.
    const groups = Array<string>(200_000).fill('g'.repeat(100))
    running = await scriptedGateway(
      (request, response) => {
        if (!request.path.endsWith('/selfsubjectreviews')) return
        answer(response, { status: { userInfo: { username: 'alice@acme.com', groups } } }, 201)
      },
      { limits: impatient({}, { takeMs: 300, idleMs: 60_000, keepAliveMs: 60_000 }) },
    )
    const { socket, heard } = open(
      running.gateway.port,
      'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n\r\n',
    )
    await once(socket, 'data')
    socket.pause()
    // Which looks busy, and is how who does not read hears of the end.
    drip(socket, '\n')
    await heard
  })
})

describe('the body of somebody unknown', () => {
  test.each([
    ['announced, and never sent', 'Content-Length: 100000\r\n', ''],
    ['announced as huge', 'Content-Length: 999999999999\r\n', 'x'.repeat(100)],
    ['in chunks that do not end', 'Transfer-Encoding: chunked\r\n', '4\r\nxxxx\r\n'],
  ])('should be refused before it is read, and the connection ended: %s', async (_, lines, body) => {
    // So patient that it is not they who end it.
    const port = await start({}, { headersMs: 60_000, requestMs: 60_000 })
    const { socket, heard } = open(port, head('Basic x', lines) + body)
    drip(socket, lines.includes('chunked') ? '1\r\nx\r\n' : 'x')
    const text = await heard
    expect(text).toMatch(/^HTTP\/1\.1 401 /)
    expect(text).toMatch(/^connection: close\r$/im)
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  test('should not keep them from reading the answer: what is still sent is taken, for a while', async () => {
    const port = await start({}, { lingerMs: 60_000 })
    const { socket, heard } = open(port, head('Basic x', 'Content-Length: 300000\r\n'), undefined, true)
    const failed: Error[] = []
    socket.on('error', error => failed.push(error))
    await once(socket, 'end')
    // At a connection that was simply closed this would be answered with a reset.
    for (let i = 0; i < 3; i++) await new Promise(written => socket.write('x'.repeat(100_000), written))
    socket.end()
    expect(await heard).toMatch(/^HTTP\/1\.1 401 /)
    expect(failed).toEqual([])
  })

  test('should be cut off where it does not stop', async () => {
    const port = await start({}, { headersMs: 60_000, requestMs: 60_000, lingerMs: 60_000, idleMs: 60_000 })
    const { socket, heard } = open(port, head('Basic x', 'Content-Length: 999999999999\r\n'), undefined, true)
    const more = () => {
      while (socket.writable && socket.write('x'.repeat(65_536)));
    }
    socket.on('drain', more)
    more()
    await heard
    expect(socket.bytesWritten).toBeLessThan(50 * 1024 * 1024)
  })

  test('should not be invited (Expect: 100-continue), and that of somebody known should be', async () => {
    const port = await start()
    const lines = 'Content-Length: 2\r\nExpect: 100-continue\r\n'
    expect((await say(port, head('Basic x', lines))).statuses).toEqual([401])
    const known = open(port, head('Bearer front', `${lines}Connection: close\r\n`))
    await once(known.socket, 'data')
    known.socket.write('{}')
    expect(await known.heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 404 /)
  })

  test('should not be invited by an expectation of another kind either', async () => {
    const port = await start()
    const { statuses } = await say(
      port,
      `${head('Bearer front', 'Content-Length: 2\r\nExpect: gold\r\nConnection: close\r\n')}{}`,
    )
    expect(statuses).toEqual([404])
  })
})

describe('a body', () => {
  test.each(['gzip', 'identity', 'br, gzip'])(
    'should be refused where its encoding is %s',
    async encoding => {
      const port = await start()
      const { statuses, text } = await say(
        port,
        `${head('Bearer front', `Content-Length: 2\r\nContent-Encoding: ${encoding}\r\n`)}{}`,
      )
      expect(statuses).toEqual([415])
      expect(text).toContain('not compressed')
    },
  )

  test.each([
    ['utf-16', '{}', 415],
    ['utf-8', '{"reason": "\xff"}', 400],
    ['"UTF-8"', '{}', 404],
    ['utf-8', '\xef\xbb\xbf{}', 404],
  ])('should be UTF-8: charset %s, %j', async (charset, body, status) => {
    const port = await start()
    const lines = `Content-Length: ${body.length}\r\nConnection: close\r\n`
    const request = head('Bearer front', lines).replace('json\r', `json; charset=${charset}\r`)
    expect((await say(port, request + body)).statuses).toEqual([status])
  })

  test.each([
    ['{"reason": "a", "reason": "b"}', 'The body has the same name twice in one object.'],
    [`${'['.repeat(1000)}${']'.repeat(1000)}`, 'The body is nested deeper than 64 levels.'],
  ])('should have one meaning: %j', async (body, detail) => {
    await start()
    const refused = await running.gateway.as('front').post(post, body)
    expect(refused).toMatchObject({ status: 400, body: { code: 'Malformed', detail } })
  })

  test.each([
    [post, 64],
    ['/api/v1/projects/shop/approvals/decide', 256],
    ['/api/v1/projects/shop/runs', 256],
  ])('should be refused at %s beyond %d KiB', async (path, kib) => {
    await start()
    const refused = await running.gateway
      .as('front')
      .post(path, JSON.stringify({ input: 'x'.repeat(kib * 1024) }))
    expect(refused).toMatchObject({
      status: 413,
      body: { code: 'TooLarge', detail: `The body is larger than ${kib} KiB.` },
    })
  })
})

describe('connections', () => {
  test('should be as many of one address as it may have, and another when one has ended', async () => {
    const port = await start(
      { connectionsPerAddress: 3 },
      { headersMs: 60_000, requestMs: 60_000, keepAliveMs: 60_000 },
    )
    const three = [1, 2, 3].map(() => open(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'))
    await Promise.all(three.map(({ socket }) => once(socket, 'data')))
    expect(await open(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n').heard).toBe('')
    const elsewhere = open(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', '127.0.0.2')
    expect(await once(elsewhere.socket, 'data')).toMatchObject([expect.stringMatching(/^HTTP\/1\.1 200/)])
    three[0]?.socket.end()
    await three[0]?.heard
    const again = async () =>
      (await say(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).statuses
    await expect.poll(again).toEqual([200])
    expect(await running.gateway.metrics.registry.metrics()).toMatch(
      /refused_total\{reason="Connections"\} [1-9]/,
    )
    expect(running.gateway.log().match(/connections of an address were refused/g)).toHaveLength(1)
  })

  test('should not be counted where a proxy brings everybody', async () => {
    const port = await start(
      { connectionsPerAddress: 1, trustedProxies: ['127.0.0.0/8'] },
      { keepAliveMs: 60_000 },
    )
    const many = [1, 2, 3, 4].map(() => open(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'))
    await Promise.all(many.map(({ socket }) => once(socket, 'data')))
  })

  test('should be as many in all as there may be', async () => {
    const port = await start({ connections: 2 }, { keepAliveMs: 60_000 })
    const two = ['127.0.0.1', '127.0.0.2'].map(from =>
      open(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', from),
    )
    await Promise.all(two.map(({ socket }) => once(socket, 'data')))
    expect(await open(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', '127.0.0.3').heard).toBe('')
  })
})

test('should be refused like any other: what comes behind a request that is being answered', async () => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  let reached = () => {}
  const asked = new Promise<void>(resolve => {
    reached = resolve
  })
  running = await scriptedGateway(
    (request, response) => {
      if (!request.path.endsWith('/selfsubjectreviews')) return
      response.writeHead(201, { 'content-type': 'application/json' })
      response.flushHeaders()
      reached()
      void held.then(() => response.end('{}'))
    },
    { limits: impatient() },
  )
  const { socket, heard } = open(
    running.gateway.port,
    'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n\r\n',
  )
  await asked
  socket.write('nonsense\r\n\r\n')
  // Its refusal could be taken for the answer to the first.
  expect(await heard).toBe('')
  release()
})
