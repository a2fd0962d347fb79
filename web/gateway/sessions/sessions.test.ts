import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answer, refuse } from '../../../kube/testing.ts'
import { aProject } from '../keys/testing.ts'
import { type ScriptedGateway, scriptedGateway } from '../testing-api.ts'
import { cookieSetBy, ownPage, signIn, withCookie } from './testing.ts'

const secret = { data: { current: Buffer.alloc(32, 3).toString('base64') } }

let running: ScriptedGateway
/** Whether the API server refuses every token, the gateway's own too. */
let tokensAreBad = false
beforeEach(async () => {
  tokensAreBad = false
  running = await scriptedGateway(({ path, headers }, response) => {
    if (path.endsWith('/secrets/countersign-gateway-session-key')) return answer(response, secret)
    const isBad = tokensAreBad || headers.authorization?.startsWith('Bearer bad')
    if (isBad) return refuse(response, 401, 'Unauthorized')
  })
  running.gateway.cache.projects.store.wrote(aProject())
})
afterEach(() => running.close())

const attempt = (body: unknown, headers: Record<string, string> = ownPage) =>
  running.gateway.as(undefined).post('/api/v1/session', body, { headers })

describe('signing in', () => {
  test('should be held up after some guesses, as any bad credential is, and others go on', async () => {
    const before = await signIn(running.gateway, 'good')
    const statuses: number[] = []
    for (let i = 0; i < 40; i++) statuses.push((await attempt({ token: `bad-${i}` })).status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    expect(statuses.filter(status => status === 401).length).toBeLessThanOrEqual(21)
    const held = await attempt({ token: 'bad-again' })
    expect(held).toMatchObject({ status: 429, body: { code: 'TooManyFailures' } })
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await before.get('/api/v1/me')).status).toBe(200)
    expect((await attempt({ token: 'good' })).status).toBe(201)
  })

  test('should take a token and nothing else', async () => {
    for (const body of [{}, { token: '' }, { token: 7 }, { token: 'good', username: 'alice@acme.com' }]) {
      const { status, headers } = await attempt(body)
      expect([status, headers.get('set-cookie')]).toEqual([422, null])
    }
    expect((await attempt({ token: 'x y' })).status).toBe(401)
  })

  test('should be for no page of another site', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      const { status, headers: got } = await attempt({ token: 'good' }, headers as Record<string, string>)
      expect([status, got.get('set-cookie')]).toEqual([403, null])
    }
    expect(running.received.filter(({ path }) => path.endsWith('reviews'))).toEqual([])
  })

  test('should leave the token nowhere: in no log, no answer, no metric, and no later request', async () => {
    const token = 'good-and-secret'
    const browser = await signIn(running.gateway, token)
    const since = running.received.length
    const me = await browser.get('/api/v1/me')
    const metrics = await running.gateway.metrics.registry.metrics()
    const told = [running.gateway.log(), JSON.stringify(me.body), metrics, browser.cookie].join()
    expect(told).not.toContain(token)
    expect(told.replace(browser.cookie, '')).not.toContain(browser.cookie)
    expect(JSON.stringify(running.received.slice(since))).not.toContain(token)
    expect(JSON.stringify(running.received)).not.toContain(browser.cookie)
  })
})

describe('a session', () => {
  test('should act by name, with no groups, over the path Web, whatever the request says', async () => {
    const browser = await signIn(running.gateway, 'good')
    const since = running.received.length
    const smuggled = { 'impersonate-user': 'bob@acme.com', 'impersonate-group': 'system:masters' }
    await browser.get('/api/v1/me', { headers: smuggled })
    const { headers } = running.received.slice(since).find(({ path }) => path.endsWith('reviews')) ?? {}
    expect(headers).toMatchObject({
      authorization: 'Bearer gateways-own-token',
      'impersonate-user': 'alice@acme.com',
      'impersonate-extra-countersign.dev%2fvia': 'Web',
    })
    expect(headers?.['impersonate-group']).toBeUndefined()
  })

  test('should be used by our own pages alone, and not at all beside a header', async () => {
    const browser = await signIn(running.gateway, 'good')
    const since = running.received.length
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'sec-fetch-site': site }
      expect((await browser.get('/api/v1/me', { headers })).status).toBe(403)
      expect((await browser.post('/api/v1/projects/shop/runs', {}, { headers })).status).toBe(403)
    }
    const headers = { authorization: 'Bearer bad' }
    expect((await browser.get('/api/v1/me', { headers })).status).toBe(401)
    const asThem = running.received.slice(since).filter(({ headers }) => 'impersonate-user' in headers)
    expect(asThem).toEqual([])
  })

  test('should not be taken away for a fault of the gateway’s own', async () => {
    const browser = await signIn(running.gateway, 'good')
    tokensAreBad = true
    const answered = await browser.get('/api/v1/me')
    expect(answered.headers.get('set-cookie')).toBeNull()
  })

  test('should be asked for by nobody who came with a header', async () => {
    expect((await running.gateway.as('good').get('/api/v1/session')).status).toBe(404)
    expect((await running.gateway.as(undefined).get('/api/v1/session')).status).toBe(401)
  })

  test('should count made-up cookies as requests without credentials', async () => {
    await running.close()
    const limits = { ...(await import('../limits/options.ts')).defaultLimits, anonymousPerSecond: 1 }
    running = await scriptedGateway(() => {}, { limits })
    const browser = withCookie(running.gateway, 'made-up')
    const statuses: number[] = []
    for (let i = 0; i < 10; i++) statuses.push((await browser.get('/api/v1/me')).status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
  })

  test('should be signed out even where it is over already', async () => {
    const left = await withCookie(running.gateway, 'made-up').send('DELETE', '/api/v1/session')
    expect([left.status, cookieSetBy(left.headers)]).toEqual([204, ''])
  })
})
