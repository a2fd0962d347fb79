import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { answer, status } from '../../../kube/testing.ts'
import type { LimitOptions } from '../limits/options.ts'
import { type Script, type ScriptedGateway, scriptedGateway } from '../testing-api.ts'
import { impatient, say } from './testing-raw.ts'

let running: ScriptedGateway
afterEach(() => running.close())

/** An API server to which every token that begins with `bad` is none. */
const knowing: Script = (request, response) => {
  if (request.headers.authorization?.startsWith('Bearer bad')) {
    answer(response, status(401, 'Unauthorized'), 401)
  }
}

const start = async (limits: Partial<LimitOptions> = {}, script: Script = knowing) => {
  running = await scriptedGateway(script, {
    limits: impatient(limits, { requestMs: 30_000, headersMs: 30_000 }),
  })
}

/** What one request with this credential is answered. */
const ask = async (
  authorization: string | undefined,
  {
    from = '127.0.0.1',
    headers = '',
    path = '/api/v1/me',
  }: { from?: string; headers?: string; path?: string } = {},
) => {
  const shown = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`
  const { text, statuses } = await say(
    running.gateway.port,
    `GET ${path} HTTP/1.1\r\nHost: x\r\n${shown}${headers}Connection: close\r\n\r\n`,
    { localAddress: from },
  )
  const { requestId: _, ...problem } = text.includes('problem+json')
    ? JSON.parse(text.split('\r\n\r\n')[1] ?? '')
    : {}
  return { status: statuses[0], text, problem, retryAfter: /^retry-after: (\d+)\r$/im.exec(text)?.[1] }
}

const flood = async (count: number, of: (i: number) => string, from = '127.0.0.1') => {
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => ask(of(i), { from })))
  return answers.map(({ status }) => status)
}
const badToken = (i: number) => `Bearer bad-${i}`
const badKey = (i: number) => `Bearer csk_${String(i).padStart(16, 'a')}_${'b'.repeat(52)}`
const asked = () => running.received.filter(({ path }) => path.endsWith('/selfsubjectreviews')).length

describe('two hundred bad credentials from one address', () => {
  test.each([
    ['tokens', badToken],
    ['keys', badKey],
  ])('should end in 429 with Retry-After: %s', async (_, of) => {
    await start()
    const answers = await flood(200, of)
    expect(answers.filter(code => code === 401).length).toBeOneOf([20, 21, 22])
    expect(answers.filter(code => code === 429).length).toBe(
      200 - answers.filter(code => code === 401).length,
    )
    const { status: code, problem, retryAfter } = await ask(of(1000))
    expect({ code, problem: problem.code }).toEqual({ code: 429, problem: 'TooManyFailures' })
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
    expect(problem.detail).toMatch(/came from your address/)
  })

  test('should cost the API server no more than the first twenty do', async () => {
    await start()
    await flood(200, badToken)
    expect(asked()).toBeLessThanOrEqual(22)
  })

  test('should not hold up another address, nor a token that was good before', async () => {
    await start()
    expect((await ask('Bearer good')).status).toBe(200)
    await flood(200, badToken)
    expect((await ask('Bearer good')).status).toBe(200)
    expect((await ask('Bearer new')).status).toBe(429)
    expect((await ask('Bearer new', { from: '127.0.0.2' })).status).toBe(200)
  })

  test('should be told in the log once, without any of them, and counted', async () => {
    await start()
    await flood(200, badToken)
    const log = running.gateway.log()
    const lines = log
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    const told = lines.filter(({ msg }) => msg === 'bad credentials came from an address')
    expect(told).toMatchObject([{ address: '127.0.0.1', times: 1 }])
    const above = lines.filter(({ level, msg }) => level >= 30 && msg === 'request')
    expect(above).toEqual([])
    expect(log).not.toMatch(/bad-\d/)
    const metrics = await running.gateway.metrics.registry.metrics()
    expect(metrics).toMatch(/refused_total\{reason="BadCredential"\} 2\d/)
    expect(metrics).toMatch(/refused_total\{reason="TooManyFailures"\} 1\d\d/)
    expect(metrics).not.toMatch(/bad-\d|127\.0\.0\.1/)
  })
})

describe('a token that the API server refuses in the middle of a request', () => {
  test('should count as a failure, and be unknown from then on', async () => {
    let good = true
    await start({}, (request, response) => {
      const { authorization } = request.headers
      if (authorization?.startsWith('Bearer bad')) return answer(response, status(401, 'Unauthorized'), 401)
      // As it is revoked after its first review.
      const isReview = request.path.endsWith('/selfsubjectreviews')
      if (authorization === 'Bearer late' && !(isReview && good)) {
        answer(response, status(401, 'Unauthorized'), 401)
      }
      if (authorization === 'Bearer late') good = false
    })
    const path = '/api/v1/projects/shop/runs/order-run'
    await flood(200, badToken)
    expect((await ask('Bearer late', { from: '127.0.0.2', path })).status).toBe(401)
    expect((await ask('Bearer late', { path })).status).toBe(429)
    expect(await running.gateway.metrics.registry.metrics()).toMatch(/BadCredential"\} 2\d/)
  })
})

describe('behind a proxy', () => {
  const proxied = { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] }
  const forwarded = (address: string) => ({ headers: `X-Forwarded-For: ${address}\r\n` })

  test('should count the rightmost address that is no proxy', async () => {
    await start(proxied)
    for (let i = 0; i < 25; i++) await ask(badToken(i), forwarded(`198.51.100.${i}, 192.0.2.1, 10.1.1.1`))
    expect((await ask('Bearer new', forwarded('198.51.100.99, 192.0.2.1'))).status).toBe(429)
    expect((await ask('Bearer new', forwarded('192.0.2.1, 198.51.100.1'))).status).toBe(200)
  })

  test('should count the proxy itself where it names nobody', async () => {
    await start(proxied)
    for (let i = 0; i < 25; i++) await ask(badToken(i), forwarded(i % 2 ? 'unknown' : ''))
    expect((await ask('Bearer new')).status).toBe(429)
    expect((await ask('Bearer new', forwarded('192.0.2.1'))).status).toBe(200)
  })

  test('should not be believed of anybody else', async () => {
    await start()
    for (let i = 0; i < 25; i++) await ask(badToken(i), forwarded(`192.0.2.${i}`))
    expect((await ask('Bearer new', forwarded('192.0.2.99'))).status).toBe(429)
    await ask('Bearer x', { ...forwarded('127.0.0.9'), from: '127.0.0.3' })
    expect((await ask('Bearer new', { from: '127.0.0.9' })).status).toBe(200)
  })

  test('should tell browsers to stay with TLS where it was TLS, and only where a proxy says so', async () => {
    await start({ trustedProxies: ['127.0.0.1'] })
    const https = 'X-Forwarded-Proto: https\r\n'
    expect((await ask('Bearer good', { headers: https })).text).toMatch(
      /^strict-transport-security: max-age=31536000\r$/m,
    )
    expect((await ask('Bearer bad', { headers: https })).text).toMatch(/^strict-transport-security/m)
    expect((await ask('Bearer good', { headers: https, from: '127.0.0.2' })).text).not.toMatch(
      /strict-transport/,
    )
    expect((await ask('Bearer good')).text).not.toMatch(/strict-transport/)
  })

  test('should tell so always where it is told to, on a broken request too', async () => {
    await start({ hsts: true })
    expect((await ask('Bearer good')).text).toMatch(/^strict-transport-security/m)
    expect((await say(running.gateway.port, 'nonsense\r\n\r\n')).text).toMatch(/^strict-transport-security/m)
  })
})

describe('one credential', () => {
  test('should be held to its burst, and nobody else with it', async () => {
    await start({ requestBurst: 10, requestsPerSecond: 1 })
    const answers = await flood(30, () => 'Bearer busy')
    expect(answers.filter(code => code === 200).length).toBeOneOf([10, 11, 12])
    const { problem, retryAfter } = await ask('Bearer busy')
    expect(problem).toMatchObject({ status: 429, code: 'RateLimited' })
    expect(retryAfter).toBe('1')
    expect((await ask('Bearer other')).status).toBe(200)
    expect(running.gateway.log().match(/a credential sends too much/g)).toHaveLength(1)
    expect(running.gateway.log()).not.toMatch(/Bearer|busy/)
  })

  test('should have its places back when its requests are over, however they ended', async () => {
    let held: (() => void)[] = []
    await start({ openRequests: 3 }, (request, response) => {
      if (!request.path.endsWith('/order-run-1-0')) return
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      held.push(() => response.destroy())
    })
    const request =
      'POST /api/v1/projects/shop/approvals/order-run-1-0/approve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n\r\n'
    const sockets = [1, 2, 3].map(() => {
      const socket = connect(running.gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(request)
      return socket
    })
    await expect.poll(() => held.length).toBe(3)
    expect(await ask('Bearer a')).toMatchObject({ status: 429, problem: { code: 'RateLimited' } })
    expect((await ask('Bearer b')).status).toBe(200)
    sockets[0]?.destroy()
    await expect.poll(async () => (await ask('Bearer a')).status).toBe(200)
    for (const socket of sockets) socket.destroy()
    for (const end of held.splice(0)) end()
    held = []
  })
})

describe('without credentials', () => {
  test('should be held to what an address may ask, probes excepted', async () => {
    await start({ anonymousPerSecond: 1 })
    const answers: (number | undefined)[] = []
    for (let i = 0; i < 10; i++)
      answers.push((await ask(undefined, { path: i % 2 ? '/openapi.json' : '/nothing' })).status)
    expect(answers.slice(0, 5)).toEqual([404, 200, 404, 200, 404])
    expect(answers.at(-1)).toBe(429)
    expect((await ask(undefined)).status).toBe(429)
    expect((await ask(undefined, { path: '/healthz' })).status).toBe(200)
    expect((await ask(undefined, { path: '/nothing', from: '127.0.0.2' })).status).toBe(404)
    expect((await ask('Bearer good')).status).toBe(200)
  })

  test('should not count as guessing', async () => {
    await start()
    for (let i = 0; i < 30; i++) expect((await ask(undefined)).status).toBe(401)
    expect((await ask(badToken(1))).status).toBe(401)
  })
})

describe('what a refusal tells', () => {
  const texts = async (credentials: readonly string[]) =>
    await Promise.all(credentials.map(async credential => (await ask(credential)).problem))

  test('should be the same for every token that is not accepted', async () => {
    await start()
    const [first, ...others] = await texts(['Bearer bad-1', 'Bearer bad', `Bearer bad${'x'.repeat(2000)}`])
    expect(first).toMatchObject({ status: 401 })
    for (const other of others) expect(other).toEqual(first)
  })

  test('should be the same for every key that is not accepted, and cost the same', async () => {
    await start()
    const before = running.received.length
    const [first, ...others] = await texts([badKey(1), badKey(2), `${badKey(1)}c`])
    expect(first).toMatchObject({ status: 401 })
    for (const other of others) expect(other).toEqual(first)
    expect(running.received.length).toBe(before)
  })

  test('should be the same over the limit, whatever is shown', async () => {
    await start()
    await flood(60, badToken)
    await flood(60, badKey)
    const [first, ...others] = await texts(['Bearer bad-1', badKey(1), 'Bearer new', badKey(5000)])
    expect(first).toMatchObject({ status: 429, code: 'TooManyFailures' })
    for (const other of others) expect(other).toEqual(first)
  })
})
