import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { answer, status } from '../../../kube/testing.ts'
import { type Script, type ScriptedGateway, scriptedGateway } from '../testing-api.ts'

let running: ScriptedGateway
let script: Script

beforeAll(async () => {
  running = await scriptedGateway((request, response) => script(request, response))
})
beforeEach(() => {
  script = () => {}
})
afterAll(() => running.close())

const session = () => running.gateway.as('alices-token')
const list = '/api/v1/projects/shop/approvals'
const one = `${list}/order-run-1-0`

/** Sends bytes as they are and returns the whole answer. */
async function raw(text: string): Promise<string> {
  const socket = connect(running.gateway.port, '127.0.0.1')
  socket.setEncoding('latin1')
  socket.write(text, 'latin1')
  let received = ''
  for await (const chunk of socket) received += chunk
  return received
}

describe('credentials', () => {
  test.each([
    ['no header', undefined],
    ['another scheme', 'Basic YWxpY2U6eA=='],
    ['no token', 'Bearer '],
    ['two tokens', 'Bearer a b'],
    ['an API key', 'Bearer csk_1_secret'],
  ])('should refuse %s with 401 and ask the API server nothing', async (_, authorization) => {
    const before = running.received.length
    const headers = authorization === undefined ? {} : { authorization }
    const refused = await running.gateway.as(undefined).get('/api/v1/me', { headers })
    expect(refused).toMatchObject({ status: 401, body: { code: 'Unauthenticated' } })
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="countersign"')
    expect(running.received.length).toBe(before)
  })

  test('should pass the token through as it is, and nothing of its own', async () => {
    await session().get('/api/v1/me')
    expect(running.received.at(-1)?.headers.authorization).toBe('Bearer alices-token')
  })

  test('should check the credentials before the body and the query', async () => {
    const refused = await running.gateway.as(undefined).post(`${one}/approve`, '{broken')
    expect(refused.status).toBe(401)
  })

  test.each([
    'Impersonate-User',
    'impersonate-group',
    'Impersonate-Extra-countersign.dev%2fvia',
    'X-Remote-User',
  ])('should never forward %s, however it is spelled or repeated', async header => {
    const before = running.received.length
    await raw(
      `GET ${one} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n${header}: system:admin\r\n${header.toUpperCase()}: admin\r\nConnection: ${header}, close\r\n\r\n`,
    )
    const sent = running.received.slice(before)
    expect(sent.length).toBeGreaterThan(0)
    for (const { rawHeaders } of sent) {
      const names = rawHeaders.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase())
      expect(names.filter(name => name.startsWith('impersonate') || name.startsWith('x-remote'))).toEqual([])
    }
  })

  test('should not let a token smuggle a second header', async () => {
    const before = running.received.length
    const text = await raw(
      'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n Impersonate-User: admin\r\nConnection: close\r\n\r\n',
    )
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d/)
    for (const { rawHeaders } of running.received.slice(before)) {
      expect(rawHeaders.join('\n')).not.toMatch(/^impersonate/im)
    }
  })
})

describe('what is not a valid request', () => {
  test.each([
    [
      'both lengths',
      'POST /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde',
    ],
    ['no HTTP', 'hello\r\n\r\n'],
    ['a bare line feed in a header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\nImpersonate-User: x\r\n\r\n'],
  ])('should answer %s with a problem document and hang up', async (_, text) => {
    const received = await raw(text)
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(received).toMatch(/content-type: application\/problem\+json/i)
    expect(JSON.parse(received.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, code: 'Malformed' })
  })

  test('should answer headers that are too large with 431', async () => {
    const received = await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(received).toMatch(/^HTTP\/1\.1 431 /)
    expect(received).toContain('"code":"HeadersTooLarge"')
  })

  test.each([
    ['/nothing', 404],
    ['/api/v1/nothing', 404],
    ['/api/v2/me', 404],
    [`${list}/%2e%2e%2fsecrets`, 404],
    ['/api/v1/projects/%2e%2e%2f%2e%2e%2fapi/approvals', 404],
    ['/api/v1/projects/..%2f..%2fsecrets%3f/approvals', 404],
    ['/api/v1/projects/Shop/approvals', 404],
    [`${list}/a%00b`, 404],
    [`${list}/${'x'.repeat(254)}`, 404],
    [`${list}/${'x'.repeat(400)}`, 404],
    ['/api/v1/projects/shop/approvals/%zz', 404],
  ])('should answer %s with 404 and ask the API server nothing', async (path, code) => {
    const before = running.received.length
    // fetch would resolve dots by itself.
    const received = await raw(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nConnection: close\r\n\r\n`,
    )
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `))
    expect(received).toMatch(/content-type: application\/problem\+json/i)
    expect(running.received.length).toBe(before)
  })

  test.each([
    ['GET', `${one}/approve`, 'POST'],
    ['GET', `${one}/reject`, 'POST'],
    ['DELETE', one, 'GET, HEAD'],
    ['PUT', `${one}/approve`, 'POST'],
    ['PATCH', '/api/v1/me', 'GET, HEAD'],
  ])('should refuse %s %s with 405 and change nothing', async (method, path, allow) => {
    const before = running.received.length
    const refused = await session().send(method, path)
    expect(refused).toMatchObject({ status: 405, body: { code: 'MethodNotAllowed' } })
    expect(refused.headers.get('allow')).toBe(allow)
    expect(running.received.length).toBe(before)
  })

  test('should not answer HEAD on a decision', async () => {
    expect((await session().send('HEAD', `${one}/approve`)).status).toBe(405)
  })

  test.each([
    '{',
    '{"reason": }',
    'null,',
    '\u0000',
    '{"__proto__": {"reason": "x"}}',
    '{"constructor": {"prototype": 1}}',
  ])('should answer the body %j with 400 and not repeat it', async body => {
    const refused = await session().post(`${one}/approve`, body)
    expect(refused).toMatchObject({ status: 400, body: { code: 'Malformed' } })
    expect(refused.body.detail).toBe('The body is not valid JSON.')
  })

  test('should take an empty body of type JSON as none', async () => {
    const received = await raw(
      `POST ${one}/approve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    // Past the body: the scripted API server has no such request.
    expect(received).toMatch(/^HTTP\/1\.1 404 /)
    expect(running.received.at(-1)?.path).toContain('approvalrequests/order-run-1-0')
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml'])(
    'should refuse a body of type %s with 415',
    async type => {
      const refused = await session().post(`${one}/approve`, 'reason=x', {
        headers: { 'content-type': type },
      })
      expect(refused).toMatchObject({ status: 415, body: { code: 'UnsupportedMediaType' } })
    },
  )

  test('should decide nothing by a body that is null, where one that is missing would do', async () => {
    const written: string[] = []
    script = ({ method, path }) => {
      if (method === 'PATCH') written.push(path)
    }
    const refused = await session().post(`${one}/approve`, 'null', {
      headers: { 'content-type': 'application/json' },
    })
    expect(refused).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    expect(written).toEqual([])
  })

  test('should say so to whoever sends ten megabytes, and goes on sending', async () => {
    const refused = await session().post(`${one}/approve`, JSON.stringify({ reason: 'x'.repeat(10_000_000) }))
    expect(refused).toMatchObject({ status: 413, body: { code: 'TooLarge' } })
  })

  test('should refuse a body beyond 256 KiB with 413, announced or chunked', async () => {
    const large = JSON.stringify({ reason: 'x'.repeat(256 * 1024) })
    const refused = await session().post(`${one}/approve`, large)
    expect(refused).toMatchObject({ status: 413, body: { code: 'TooLarge' } })
    const chunk = 'x'.repeat(0x10000)
    const chunked = `POST ${one}/approve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`10000\r\n${chunk}\r\n`.repeat(5)}0\r\n\r\n`
    expect(await raw(chunked)).toMatch(/^HTTP\/1\.1 413 /)
  })

  test.each([
    ['?limit=0', 'limit'],
    ['?limit=501', 'limit'],
    ['?limit=x', 'limit'],
    ['?limit=1&limit=2', 'limit'],
    ['?phase=pending', 'phase'],
    ['?agent=a,status.phase%3DPending', 'agent'],
    ['?pahse=Pending', ''],
    ['?continue=bm9wZQ', 'continue'],
    ['?continue=WzFd', 'continue'],
  ])('should refuse the query %s with 422 that names the field', async (query, path) => {
    script = (request, response) => {
      if (request.path.includes('approvalrequests')) answer(response, { items: [] })
    }
    const refused = await session().get(list + query)
    expect(refused).toMatchObject({ status: 422, body: { code: 'Invalid' } })
    expect(refused.body.errors[0].path).toBe(path)
  })

  test('should refuse to wait for longer than a minute', async () => {
    expect((await session().get(`${one}?wait=61`)).status).toBe(422)
  })
})

describe('what the API server refuses', () => {
  test.each([
    [401, 'Unauthorized', 401, 'Unauthenticated'],
    [403, 'Forbidden', 403, 'Forbidden'],
    [404, 'NotFound', 404, 'NotFound'],
    [409, 'Conflict', 409, 'Conflict'],
    [413, 'RequestEntityTooLarge', 413, 'TooLarge'],
    [422, 'Invalid', 422, 'Invalid'],
    [500, 'InternalError', 503, 'Unavailable'],
    [503, 'ServiceUnavailable', 503, 'Unavailable'],
    [504, 'Timeout', 503, 'Unavailable'],
  ])('should answer its %i %s with %i %s', async (code, reason, expected, problem) => {
    script = (_, response) => answer(response, status(code, reason), code)
    const refused = await session().get(one)
    expect(refused).toMatchObject({ status: expected, body: { code: problem, status: expected } })
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    if (expected === 503) expect(refused.headers.get('retry-after')).toBe('1')
  })

  test('should pass on that it is busy, and for how long', async () => {
    script = (_, response) => answer(response, status(429, 'TooManyRequests'), 429, { 'retry-after': '40' })
    const refused = await session().get(one)
    expect(refused).toMatchObject({ status: 429, body: { code: 'TooManyRequests' } })
    expect(refused.headers.get('retry-after')).toBe('40')
  })

  test('should log why it failed, under the request id, in words that hold no value', async () => {
    script = (_, response) => answer(response, status(500, 'InternalError', 'quotes v4lue'), 500)
    const { body } = await session().get(one)
    const lines = running.gateway
      .log()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(
      lines.find(({ msg, reqId }) => msg === 'a request failed' && reqId === body.requestId),
    ).toMatchObject({
      code: 'Unavailable',
      error: { type: 'ApiError', code: 500, reason: 'InternalError' },
    })
  })

  test('should answer 503 when it hangs up', async () => {
    script = (_, response) => response.socket?.destroy()
    const refused = await session().get(one)
    expect(refused).toMatchObject({ status: 503, body: { code: 'Unavailable' } })
    expect(refused.headers.get('retry-after')).toBe('1')
  })
})

describe('every answer', () => {
  test.each(['/healthz', '/nothing', '/api/v1/me', `${one}/approve`, '/openapi.json'])(
    'should forbid caching, framing and guessing: %s',
    async path => {
      const { headers } = await session().get(path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; frame-ancestors 'none';/)
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  test('should have a request id of our own, which the problem document repeats', async () => {
    const { headers, body } = await session().get('/nothing', { headers: { 'x-request-id': 'mine\u00e9' } })
    expect(body.requestId).toBe(headers.get('x-request-id'))
    expect(body.requestId).not.toContain('mine')
  })

  test('should name the path but not the query of the request in a problem', async () => {
    const { body } = await session().get('/nothing?token=s3cr3t')
    expect(body.instance).toBe('/nothing')
  })

  test('should leave one line in the log, without tokens, queries, reasons or bodies', async () => {
    const mark = running.gateway.log().length
    script = (request, response) => {
      if (request.path.includes('approvalrequests'))
        answer(response, status(422, 'Invalid', 'quotes v4lue'), 422)
    }
    await session().post(`${one}/reject?token=qu3ry`, { reason: 'r3ason' })
    await session().post(`${one}/reject`, { reason: 'r3ason' })
    const lines = running.gateway
      .log()
      .slice(mark)
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.map(({ msg, route, name, status: code }) => ({ msg, route, name, code }))).toEqual([
      {
        msg: 'request',
        route: '/api/v1/projects/:ns/approvals/:name/reject',
        name: 'order-run-1-0',
        code: 422,
      },
      {
        msg: 'request',
        route: '/api/v1/projects/:ns/approvals/:name/reject',
        name: 'order-run-1-0',
        code: 422,
      },
    ])
    expect(running.gateway.log()).not.toMatch(/alices-token|s3cr3t|qu3ry|r3ason|v4lue|gateways-own-token/)
  })

  test('should be counted by route pattern and status', async () => {
    await session().get('/api/v1/me')
    await session().get('/nothing/at/all')
    const text = await running.gateway.metrics.registry.metrics()
    expect(text).toMatch(
      /request_duration_seconds_count\{method="GET",route="\/api\/v1\/me",code="200"\} \d+/,
    )
    expect(text).toMatch(/request_duration_seconds_count\{method="GET",route="none",code="404"\} \d+/)
  })
})
