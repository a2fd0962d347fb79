import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import tls from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { createCertificateAuthority } from '../../../hack/controlplane/certificates.ts'
import { settled, TestClock } from '../../../kube/testing.ts'
import { freePort, type Handler, TestServer } from '../../agent/testing/http-server.ts'
import { type AddressRule, createEgress, type EgressOptions } from '../../egress/egress.ts'
import { noRanges, webhookAddresses } from '../../egress/webhook-addresses.ts'
import type { Outcome } from '../types.ts'
import { post } from './post.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const onLoopback = webhookAddresses({ allowLoopback: true, allowed: noRanges })
const strict = webhookAddresses({ allowLoopback: false, allowed: noRanges })

function out(rule: AddressRule = onLoopback, lookup?: EgressOptions['lookup']) {
  const egress = createEgress({ allowLoopback: false, rule, ...(lookup === undefined ? {} : { lookup }) })
  cleanups.push(() => egress.close())
  return egress
}

async function serve(handler: Handler): Promise<TestServer> {
  const server = await TestServer.start(handler)
  cleanups.push(() => server.stop())
  return server
}

interface Options {
  readonly egress?: ReturnType<typeof out>
  readonly clock?: TestClock
  readonly signal?: AbortSignal
}

const send = (url: string, { egress = out(), clock = new TestClock(), signal }: Options = {}) =>
  post(
    { egress, clock },
    {
      url: new URL(url),
      headers: { 'content-type': 'application/json' },
      body: '{}',
      secrets: ['s3cret-in-url'],
    },
    signal ?? new AbortController().signal,
  )

/** Something that happens once, to be awaited. */
function signalled() {
  let happen: () => void = () => {}
  const happened = new Promise<void>(resolve => {
    happen = resolve
  })
  return { happen, happened }
}

describe('an answer', () => {
  it.each([
    [200, 'Sent'],
    [202, 'Sent'],
    [204, 'Sent'],
    [400, 'Failed'],
    [401, 'Failed'],
    [403, 'Failed'],
    [404, 'Failed'],
    [410, 'Failed'],
    [304, 'Failed'],
    [408, 'Retrying'],
    [425, 'Retrying'],
    [429, 'Retrying'],
    [500, 'Retrying'],
    [503, 'Retrying'],
  ])('of HTTP %i is %s', async (status, state) => {
    const server = await serve((_, response) => void response.writeHead(status).end())
    const outcome = await send(`${server.url}/s3cret-in-url`)
    expect(outcome).toMatchObject({ state })
    expect(JSON.stringify(outcome)).not.toContain('s3cret')
    if (outcome.state === 'Retrying') expect(outcome.wholeLane ?? false).toBe(status === 429)
  })

  it.each([
    ['seconds', '7', 7000],
    ['a date', 'Mon, 23 Nov 2026 10:01:00 GMT', 60_000],
    ['more than an hour', '999999', 3_600_000],
    ['a date that is over', 'Mon, 23 Nov 2020 10:01:00 GMT', 0],
    ['nonsense', 'soon', undefined],
  ])('may ask to wait: %s', async (_, retryAfter, ms) => {
    const server = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': retryAfter, date: 'Mon, 23 Nov 2026 10:00:00 GMT' }).end()
    })
    const outcome = await send(server.url)
    expect(outcome).toMatchObject({ state: 'Retrying', wholeLane: true })
    expect((outcome as { retryAfterMs?: number }).retryAfterMs).toBe(ms)
  })

  it.each([
    ['text/plain', 'no_service', ': no_service'],
    ['text/html; charset=utf-8', 'invalid_token', ': invalid_token'],
    ['application/json', '{"message":"no"}', ': {"message":"no"}'],
    ['application/problem+json', '{"title":"no"}', ': {"title":"no"}'],
    ['text/html', '<html>no</html>', ''],
    ['image/png', 'no', ''],
    ['text/plain', 'a\n\n b\u202e\u001b[2J', ': a b\\u202e\\u001b[2J'],
    ['text/plain', 'you sent s3cret-in-url to us', ': you sent [redacted] to us'],
    ['text/plain', 'x'.repeat(5000), `: ${'x'.repeat(199)}…`],
    ['text/plain', '', ''],
  ])('of %s is repeated only where it was written for people: %j', async (type, body, said) => {
    const server = await serve((_, response) => {
      response.writeHead(400, { 'content-type': type }).end(body)
    })
    expect(await send(server.url)).toEqual({
      state: 'Failed',
      error: `127.0.0.1:${server.port} answered HTTP 400${said}`,
    })
  })
})

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('of HTTP %i is not followed', async status => {
    const target = await serve((_, response) => void response.end('ok'))
    const server = await serve((_, response) => {
      response.writeHead(status, { location: `${target.url}/s3cret-place` }).end()
    })
    const outcome = await send(server.url)
    expect(outcome).toMatchObject({ state: 'Failed', error: expect.stringContaining('never followed') })
    expect(JSON.stringify(outcome)).not.toContain('s3cret')
    expect(target.connections).toBe(0)
  })
})

describe('a receiver that', () => {
  /** Writes for as long as somebody reads. */
  const flood = (response: ServerResponse, status: number, closed: () => void) => {
    let written = 0
    response.writeHead(status, { 'content-type': 'text/plain' })
    response.once('close', closed)
    const chunk = 'x'.repeat(65_536)
    const more = () => {
      while (!response.destroyed) {
        written += chunk.length
        if (!response.write(chunk)) break
      }
    }
    response.on('drain', more)
    more()
    return () => written
  }

  it.each([
    [200, 'Sent'],
    [500, 'Retrying'],
  ])('answers HTTP %i without end is read no further than 64 KiB', async (status, state) => {
    const { happen, happened } = signalled()
    const server = await serve((_, response) => void flood(response, status, happen))
    const outcome = await send(server.url)
    expect(outcome.state).toBe(state)
    if (outcome.state !== 'Sent') expect(outcome.error.length).toBeLessThan(300)
    // We hung up: a server that nobody hangs up on would write for ever.
    await happened
  })

  it('answers and then says nothing more has taken the message', async () => {
    const server = await serve((_, response) => void response.writeHead(200).write('o'))
    expect(await send(server.url)).toEqual({ state: 'Sent' })
  })

  it('hangs in the middle of an error is given up after 10 s, with its status', async () => {
    const clock = new TestClock()
    const server = await serve((_, response) => {
      response.writeHead(503, { 'content-type': 'text/plain' }).write('busy')
    })
    const { happen, happened } = signalled()
    const way = out()
    const fetch = (async (...args: Parameters<typeof way.fetch>) => {
      const response = await way.fetch(...args)
      happen()
      return response
    }) as typeof way.fetch
    const outcome = send(server.url, { clock, egress: { ...way, fetch } })
    await happened
    // The answer is on its way to whoever waits for it.
    await settled()
    await clock.advance(10_000)
    expect(await outcome).toEqual({
      state: 'Retrying',
      error: `127.0.0.1:${server.port} answered HTTP 503`,
    })
  })

  it('never answers is given up after 10 s', async () => {
    const clock = new TestClock()
    const { happen, happened } = signalled()
    const server = await serve(happen)
    const outcome = send(server.url, { clock })
    await happened
    await clock.advance(9_999)
    expect(clock.pending()).toEqual([1])
    await clock.advance(1)
    expect(await outcome).toEqual({
      state: 'Retrying',
      error: `127.0.0.1:${server.port} did not answer within 10 s`,
      wholeLane: true,
    })
  })

  it('sends its headers a byte at a time is given up after 10 s', async () => {
    const clock = new TestClock()
    const server = await raw(socket => {
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
      socket.once('data', () => socket.write('a'))
    })
    const outcome = send(server.url, { clock })
    await server.asked
    await clock.advance(10_000)
    expect(await outcome).toMatchObject({ error: expect.stringContaining('within 10 s'), wholeLane: true })
  })

  it('hangs up', async () => {
    const server = await serve(request => void request.socket.destroy())
    expect(await send(server.url)).toEqual({
      state: 'Retrying',
      error: `127.0.0.1:${server.port} could not be reached: the connection broke`,
      wholeLane: true,
    })
  })

  it('is not there', async () => {
    const port = await freePort()
    expect(await send(`http://127.0.0.1:${port}/s3cret-in-url`)).toEqual({
      state: 'Retrying',
      error: `127.0.0.1:${port} could not be reached: the connection was refused: nothing listens there`,
      wholeLane: true,
    })
  })

  it('has headers without end', async () => {
    const server = await raw(socket => {
      socket.on('error', () => {})
      socket.write(`HTTP/1.1 200 OK\r\n${`x-large: ${'x'.repeat(8000)}\r\n`.repeat(10)}`)
    })
    expect(await send(server.url)).toMatchObject({ state: 'Retrying', wholeLane: true })
  })

  it('speaks something else', async () => {
    const server = await raw(socket => void socket.end('220 mail.example.com ESMTP\r\n'))
    expect(await send(server.url)).toMatchObject({
      state: 'Retrying',
      error: expect.stringContaining('does not speak HTTP'),
    })
  })

  it('speaks HTTP where TLS was expected', async () => {
    const server = await serve((_, response) => void response.end())
    expect(await send(server.url.replace('http:', 'https:'))).toMatchObject({
      state: 'Retrying',
      error: expect.stringContaining('does not speak TLS'),
    })
    expect(server.seen).toEqual([])
  })

  it('is said to be on the port of mail', async () => {
    expect(await send('http://127.0.0.1:25/')).toMatchObject({ error: expect.stringContaining('its port') })
  })

  it('is waited for no longer when the operator stops', async () => {
    const { happen, happened } = signalled()
    const server = await serve(happen)
    const stop = new AbortController()
    const outcome = send(server.url, { signal: stop.signal })
    await happened
    stop.abort()
    expect(await outcome).toMatchObject({ state: 'Retrying', error: expect.stringContaining('stops') })
  })
})

describe('an address', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0x7f.1:PORT/',
    'http://017700000001:PORT/',
    'http://127.1:PORT/',
    'http://0:PORT/',
    'http://localhost:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[::127.0.0.1]:PORT/',
    'http://[64:ff9b::127.0.0.1]:PORT/',
  ])('that is loopback is refused before a connection is made: %s', async url => {
    const server = await serve((_, response) => void response.end())
    const outcome = await send(url.replace('PORT', String(server.port)), { egress: out(strict) })
    expect(outcome).toMatchObject({
      state: 'Retrying',
      error: expect.stringContaining('loopback'),
      wholeLane: true,
    })
    expect(server.connections).toBe(0)
  })

  it.each(['http://10.1.2.3/', 'https://167838211/', 'https://[fd12::1]/', 'https://0xa.1.2.3/'])(
    'that is private is refused, with what to do: %s',
    async url => {
      expect(await send(url, { egress: out(strict) })).toMatchObject({
        state: 'Retrying',
        error: expect.stringContaining('--allow-webhook-addresses'),
      })
    },
  )

  it('that hands out credentials is refused', async () => {
    expect(await send('http://169.254.169.254/latest', { egress: out() })).toMatchObject({
      error: expect.stringContaining('may never be at'),
    })
  })

  it('is judged at each connection: a name that was elsewhere the first time gains nothing', async () => {
    const server = await serve((_, response) => void response.end())
    // 127.0.0.1 stands for a public address here; the rest of loopback is what it is.
    const rule: AddressRule = (address, secure) =>
      address === '127.0.0.1' ? undefined : strict(address, secure)
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1']
    const lookup = ((_host: string, _options: object, callback: (...args: unknown[]) => void) => {
      callback(null, [{ address: answers.shift(), family: 4 }])
    }) as never
    const egress = out(rule, lookup)
    const outcomes: Outcome[] = []
    for (let i = 0; i < 3; i++) {
      outcomes.push(await send(`http://rebinding.test:${server.port}/`, { egress }))
    }
    expect(outcomes).toMatchObject([
      { state: 'Sent' },
      { state: 'Retrying', error: expect.stringContaining('rebinding.test is at 127.0.0.2, a loopback') },
      { state: 'Sent' },
    ])
    expect(server.connections).toBe(2)
  })
})

describe('over TLS', () => {
  it('is sent only where the certificate is trusted and names the host', async () => {
    const authority = createCertificateAuthority(Date.now())
    const secure = async (host: string) => {
      const { key, certificate } = authority.issueServer([host])
      const server = createSecureServer({ key, cert: certificate }, (_, response) => void response.end())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      cleanups.push(() => {
        server.closeAllConnections()
        server.close()
      })
      return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
    }
    const good = await secure('127.0.0.1')
    const other = await secure('hooks.example.com')
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    cleanups.push(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    expect(await send(good)).toMatchObject({
      state: 'Retrying',
      error: expect.stringContaining('certificate'),
    })
    const trusted = tls.getCACertificates('default')
    tls.setDefaultCACertificates([...trusted, authority.certificate])
    cleanups.push(() => tls.setDefaultCACertificates(trusted))
    expect(await send(good)).toEqual({ state: 'Sent' })
    expect(await send(other)).toMatchObject({
      state: 'Retrying',
      error: expect.stringContaining('certificate'),
    })
  })
})

/** A server of plain TCP. `asked`: when a request has come. */
async function raw(handler: (socket: Socket) => void) {
  const { happen, happened } = signalled()
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      happen()
      handler(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked: happened }
}
