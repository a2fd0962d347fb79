import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedGateway, scriptedGateway } from '../testing-api.ts'
import { impatient, say } from './testing-raw.ts'

let running: ScriptedGateway

beforeAll(async () => {
  running = await scriptedGateway(() => {}, { limits: impatient() })
})
afterAll(() => running.close())

const approve = '/api/v1/projects/shop/approvals/order-run-1-0/approve'

/** What somebody would hide behind, or inside, a request that a proxy in front takes for another. */
const hidden = `POST ${approve} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer smuggled\r\nImpersonate-User: admin\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
const hiddenChunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`

/** A request that is good but for these lines and this body. */
const post = (lines: string, body: string) =>
  `POST ${approve} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer front\r\nContent-Type: application/json\r\n${lines}\r\n${body}`
const get = (lines: string, body = '') =>
  `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer front\r\n${lines}\r\n${body}`

const askedAs = (token: string) =>
  running.received.filter(({ headers }) => headers.authorization === `Bearer ${token}`).length

const lengths: [string, string][] = [
  ['a length and chunks', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`)],
  ['chunks and a length', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${hidden}`)],
  ['two lengths', post(`Content-Length: 2\r\nContent-Length: ${hidden.length + 2}\r\n`, `{}${hidden}`)],
  ['the same length twice', post('Content-Length: 2\r\nContent-Length: 2\r\n', `{}${hidden}`)],
  ['two lengths in one header', post('Content-Length: 2, 2\r\n', `{}${hidden}`)],
  ['a length with a plus', post('Content-Length: +2\r\n', `{}${hidden}`)],
  ['a negative length', post('Content-Length: -2\r\n', `{}${hidden}`)],
  ['a length in hex', post('Content-Length: 0x2\r\n', `{}${hidden}`)],
  ['a length with a space inside', post('Content-Length: 2 0\r\n', `{}${hidden}`)],
  ['a length with a letter', post('Content-Length: 2a\r\n', `{}${hidden}`)],
  ['an empty length', post('Content-Length:\r\n', hidden)],
  ['a length beyond all numbers', post('Content-Length: 99999999999999999999999\r\n', `{}${hidden}`)],
  ['a length of 2 to the 64 and 2', post('Content-Length: 18446744073709551618\r\n', `{}${hidden}`)],
  ['a space before the colon', post('Content-Length : 2\r\n', `{}${hidden}`)],
  ['a NUL in the name', post('Content-Length\0: 2\r\n', `{}${hidden}`)],
  ['a NUL in a value', post('A: b\0c\r\nContent-Length: 2\r\n', `{}${hidden}`)],
  ['a folded header', post('A: b\r\n c\r\nContent-Length: 2\r\n', `{}${hidden}`)],
  ['a folded length', post('Content-Length:\r\n 2\r\n', `{}${hidden}`)],
  ['a header without a colon', post('Content-Length 2\r\n', `{}${hidden}`)],
  ['a header without a name', post(': 2\r\n', `{}${hidden}`)],
  ['a space before the first header', `GET /api/v1/me HTTP/1.1\r\n Host: x\r\n\r\n${hidden}`],
]

const encodings: [string, string][] = [
  ...[
    'xchunked',
    'chunked, identity',
    'identity',
    'identity, chunked',
    'gzip, chunked',
    'chunked, chunked',
    ' chunked ,',
    'chunked;q=1',
    '"chunked"',
    '\x0bchunked',
    'chunked\x0b',
    'chu nked',
    '',
  ].map((value): [string, string] => [
    `Transfer-Encoding: ${JSON.stringify(value)}`,
    post(`Transfer-Encoding: ${value}\r\n`, `0\r\n\r\n${hidden}`),
  ]),
  [
    'two transfer encodings',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', `0\r\n\r\n${hidden}`),
  ],
  [
    'the same one twice',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
  ],
  ['a space before its colon', post('Transfer-Encoding : chunked\r\nContent-Length: 2\r\n', `{}${hidden}`)],
  ['a folded one', post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${hidden}`)],
  [
    'chunks in HTTP/1.0',
    post('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`).replace('/1.1', '/1.0'),
  ],
]

const chunks: [string, string][] = [
  ['a size with a plus', `+2\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a size with 0x', `0x2\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a negative size', `-1\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a size beyond all numbers', `ffffffffffffffff1\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a size with a space before', ` 2\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a bare line feed after the size', `2\n{}\r\n0\r\n\r\n${hidden}`],
  ['a bare line feed after the chunk', `2\r\n{}\n0\r\n\r\n${hidden}`],
  ['a chunk longer than its size', `2\r\n{}x\r\n0\r\n\r\n${hidden}`],
  ['an extension with a bare line feed', `2;a=\n${hidden}\r\n{}\r\n0\r\n\r\n`],
  ['an extension with a bare carriage return', `2;a=\r${hidden}\r\n{}\r\n0\r\n\r\n`],
  ['more extensions than are data', `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a bare line feed in the trailers', `2\r\n{}\r\n0\r\nA: b\n${hidden}`],
].map(([name = '', body = '']) => [name, post('Transfer-Encoding: chunked\r\n', body)])

const shapes: [string, string][] = [
  ['GET with a length', get(`Content-Length: ${hidden.length}\r\n`, hidden)],
  ['GET with a length and a second request behind', get('Content-Length: 2\r\n', `{}${hidden}`)],
  ['GET with chunks', get('Transfer-Encoding: chunked\r\n', hiddenChunk)],
  [
    'GET with chunks and a second request behind',
    get('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
  ],
  [
    'DELETE with a body',
    `DELETE ${approve} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer front\r\nContent-Length: 2\r\n\r\n{}${hidden}`,
  ],
  ['two Host headers', get('Host: y\r\n', hidden)],
  ['no Host header', `GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer front\r\n\r\n${hidden}`],
  ['two credentials', get('Authorization: Bearer other\r\n', hidden)],
  ['a bare line feed after the request line', `GET /api/v1/me HTTP/1.1\nHost: x\r\n\r\n${hidden}`],
  ['bare line feeds alone', `GET /api/v1/me HTTP/1.1\nHost: x\nAuthorization: Bearer front\n\n${hidden}`],
  ['a bare carriage return in a header', get('A: b\rImpersonate-User: admin\r\n', hidden)],
  ['a bare carriage return before the end', `GET /api/v1/me HTTP/1.1\r\nHost: x\r\r\n\r\n${hidden}`],
  ['a tab in the request line', `GET\t/api/v1/me\tHTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['a space in the target', `GET /api/v1/me x HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['another version', `GET /api/v1/me HTTP/1.2\r\nHost: x\r\n\r\n${hidden}`],
  ['HTTP/2 on a line', `GET /api/v1/me HTTP/2.0\r\nHost: x\r\n\r\n${hidden}`],
  ['HTTP/0.9', `GET /api/v1/me\r\n\r\n${hidden}`],
  [
    'an absolute target',
    `GET http://x/api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer front\r\n\r\n${hidden}`,
  ],
  ['a target elsewhere', `GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['a target with a fragment', `GET /api/v1/me#/../x HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['an asterisk', `OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['CONNECT', `CONNECT 127.0.0.1:6443 HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['a method that there is not', `STEAL /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`],
  ['a hundred and one headers', get('A: b\r\n'.repeat(99), hidden)],
]

describe.each([
  ['where a request ends', lengths],
  ['the transfer encoding', encodings],
  ['chunks', chunks],
  ['a request', shapes],
])('doubt about %s', (_, table) => {
  test.each(table)('should be answered by one refusal and the end: %s', async (_name, bytes) => {
    const before = askedAs('smuggled')
    const front = askedAs('front')
    const { statuses, text } = await say(running.gateway.port, bytes)
    expect(statuses).toHaveLength(1)
    expect(statuses[0]).toBeOneOf([400, 413, 431])
    expect(text).toMatch(/^connection: close\r$/im)
    expect(text).toMatch(/^content-type: application\/problem\+json\b/im)
    expect(askedAs('smuggled')).toBe(before)
    // A token may have been verified before its body turned out to be broken; nothing was written with it.
    expect(askedAs('front') - front).toBeLessThanOrEqual(1)
    expect(running.received.some(({ method }) => method === 'PATCH')).toBe(false)
  })

  test.each(table)('should not depend on how the bytes arrive: %s', async (_name, bytes) => {
    const before = askedAs('smuggled')
    const half = Math.floor(bytes.length / 2)
    const ends = [bytes.indexOf(hidden), bytes.lastIndexOf('\r\n\r\n'), half]
      .filter(at => at > 0)
      .sort((a, b) => a - b)
    const pieces = [0, ...ends].map((at, i, all) => bytes.slice(at, all[i + 1]))
    const { statuses } = await say(running.gateway.port, pieces)
    expect(statuses).toHaveLength(1)
    expect(statuses[0]).toBeOneOf([400, 413, 431])
    expect(askedAs('smuggled')).toBe(before)
  })
})

describe('what is no doubt', () => {
  test('should be served: two requests, one after the other', async () => {
    const { statuses } = await say(running.gateway.port, get('') + get('Connection: close\r\n'))
    expect(statuses).toEqual([200, 200])
  })

  test('should be served: extensions and trailers of chunks, which say nothing', async () => {
    const body = `2;a=b\r\n{}\r\n0\r\nImpersonate-User: admin\r\n\r\n`
    const { statuses } = await say(running.gateway.port, post('Transfer-Encoding: chunked\r\n', body))
    // The scripted API server has no such request.
    expect(statuses).toEqual([404])
  })

  test('should be served: HTTP/1.0, and the end', async () => {
    const { statuses, text } = await say(running.gateway.port, get('').replace('HTTP/1.1', 'HTTP/1.0'))
    expect(statuses).toEqual([200])
    expect(text).toMatch(/^connection: close\r$/im)
  })

  test.each(['websocket', 'h2c', 'TLS/1.3'])(
    'should be served: the offer of %s, which is not taken',
    async to => {
      const { statuses } = await say(running.gateway.port, get(`Connection: Upgrade\r\nUpgrade: ${to}\r\n`))
      expect(statuses).toEqual([200])
    },
  )

  test.each(['TRACE', 'OPTIONS', 'PROPFIND', 'PURGE'])('should have an end: %s', async method => {
    const request = get('Connection: close\r\nOrigin: https://evil.example\r\n').replace('GET', method)
    const { statuses, text } = await say(running.gateway.port, request)
    expect(statuses).toEqual([404])
    expect(text).not.toMatch(/access-control|Bearer|evil/i)
  })

  test('should be run alone: not before what came ahead of it on the connection has been answered', async () => {
    // The first is refused before its body is read, so its connection ends, and nobody hears of the second.
    const unread = post('Content-Length: 2\r\n', '{}').replace('Bearer front', 'Basic x')
    const before = askedAs('smuggled')
    const { statuses } = await say(running.gateway.port, unread + hidden)
    expect(statuses).toEqual([401])
    expect(askedAs('smuggled')).toBe(before)
  })

  test('should not be endless: a connection on which too many wait is cut off', async () => {
    const before = askedAs('front')
    const { statuses } = await say(running.gateway.port, get('').repeat(500))
    expect(statuses.length).toBeLessThan(20)
    expect(askedAs('front') - before).toBeLessThan(20)
  })
})
