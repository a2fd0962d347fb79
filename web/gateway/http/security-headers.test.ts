import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, status } from '../../../kube/testing.ts'
import { type ScriptedGateway, scriptedGateway } from '../testing-api.ts'
import { impatient, say } from './testing-raw.ts'

let running: ScriptedGateway
beforeAll(async () => {
  const limits = impatient({ anonymousPerSecond: 1000, failureBurst: 5 })
  running = await scriptedGateway(
    (request, response) => {
      if (request.headers.authorization === 'Bearer bad') answer(response, status(401, 'Unauthorized'), 401)
      if (request.path.includes('/away')) response.socket?.destroy()
    },
    { limits },
  )
})
afterAll(() => running.close())

const origin = 'Host: x\r\nOrigin: https://evil.example\r\nConnection: close\r\n'
const get = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\n${origin}${lines}\r\n`
const good = 'Authorization: Bearer good\r\n'
const one = '/api/v1/projects/shop/approvals/order-run-1-0'

describe('every answer', () => {
  test.each([
    [200, get('/healthz')],
    [200, get('/readyz')],
    [200, get('/openapi.json')],
    [200, get('/api/v1/me', good)],
    [400, 'nonsense\r\n\r\n'],
    [400, get('http://x/api/v1/me', good)],
    [400, `CONNECT x:1 HTTP/1.1\r\n${origin}\r\n`],
    [
      400,
      `POST ${one}/approve HTTP/1.1\r\n${origin}${good}Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{`,
    ],
    [401, get('/api/v1/me')],
    [401, get('/api/v1/me', 'Authorization: Bearer bad\r\n')],
    [404, get('/nothing')],
    [404, get('/%zz')],
    [404, get(`/${'x'.repeat(5000)}`)],
    [404, `OPTIONS ${one} HTTP/1.1\r\n${origin}Access-Control-Request-Method: POST\r\n\r\n`],
    [404, `TRACE ${one} HTTP/1.1\r\n${origin}${good}\r\n`],
    [405, `PUT /api/v1/me HTTP/1.1\r\n${origin}${good}\r\n`],
    [408, 'GET /api/v1/me HTTP/1.1\r\n'],
    [
      413,
      `POST ${one}/approve HTTP/1.1\r\n${origin}${good}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`,
    ],
    [
      415,
      `POST ${one}/approve HTTP/1.1\r\n${origin}${good}Content-Type: text/html\r\nContent-Length: 1\r\n\r\nx`,
    ],
    [422, get(`${one}?wait=x`, good)],
    [431, get('/api/v1/me', `A: ${'a'.repeat(20_000)}\r\n`)],
    [503, `POST /api/v1/projects/shop/approvals/away/approve HTTP/1.1\r\n${origin}${good}\r\n`],
  ])('should be safe to be read by a browser: %i of %j', async (code, request) => {
    const { text, statuses } = await say(running.gateway.port, request)
    expect(statuses).toEqual([code])
    const lines = (text.split('\r\n\r\n')[0] ?? '').split('\r\n').slice(1)
    const headers = Object.fromEntries(
      lines.map(line => [line.split(':')[0]?.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; frame-ancestors 'none'/),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(headers['content-type']).toMatch(/^(application\/(problem\+)?json|text\/plain)/)
    const names = Object.keys(headers)
    expect(
      names.filter(name => /^(server|x-powered-by|via|set-cookie|access-control-.*)$/.test(name)),
    ).toEqual([])
    expect(text).not.toMatch(/evil\.example|fastify|node\.?js|Bearer (good|bad)/i)
    // A header alone does not make a browser come by TLS, and over plain HTTP it means nothing.
    expect(names).not.toContain('strict-transport-security')
  })

  test('should be safe also where it is a refusal of too many', async () => {
    const bad = get('/api/v1/me', 'Authorization: Bearer bad\r\n')
    const answers = await Promise.all(Array.from({ length: 10 }, () => say(running.gateway.port, bad)))
    const held = answers.find(({ statuses }) => statuses[0] === 429)
    expect(held?.text).toMatch(/^x-content-type-options: nosniff\r$/m)
    expect(held?.text).toMatch(/^content-security-policy: default-src 'none'/m)
  })
})
