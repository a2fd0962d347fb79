// Keys when things go wrong, in front of a scripted API server: what a real one cannot be made to do.
import { once } from 'node:events'
import { request, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { sampleApprovalRequest } from '../../../crds/v1alpha1/samples.ts'
import { systemClock } from '../../../kube/clock.ts'
import { createClient } from '../../../kube/http-client.ts'
import {
  answer,
  type ReceivedRequest,
  refuse,
  type ScriptedServer,
  scriptedServer,
  status,
} from '../../../kube/testing.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import { hashOf, parseKey } from './key.ts'
import { aKey, aProject } from './testing.ts'

const id = 'k7d2p9k7d2p9k7d2'
const secret = 's3cr3t'.repeat(9)
const good = `csk_${id}_${secret}`
const wrong = `csk_${id}_${'wr0ng'.repeat(11)}`
const stored = aKey(id, { hash: hashOf(secret), expiresAt: '2999-01-01T00:00:00Z' })
const base = '/api/v1/projects/shop'

type Trouble = (request: ReceivedRequest, response: ServerResponse) => unknown

let api: ScriptedServer
let gateway: TestGateway
let close: () => Promise<void>
let trouble: Trouble
let key: APIKey
/** What the gateway's clock, which stands still, is turned on by. */
let skewMs: number
const start = Date.now()

beforeEach(async () => {
  trouble = () => {}
  key = stored
  skewMs = 0
  api = await scriptedServer((request, response) => {
    trouble(request, response)
    if (!response.headersSent && !response.destroyed && response.socket?.destroyed === false)
      serve(request, response)
  })
  const client = createClient(api.connection)
  gateway = await startGateway(client, { clock: { ...systemClock, now: () => start + skewMs } })
  close = async () => {
    await gateway.close()
    await client.close()
    await api.close()
  }
})
afterEach(() => close())

/** An API server that holds one Project, one key, and says yes. */
function serve({ method, path, query, body }: ReceivedRequest, response: ServerResponse): unknown {
  if (query.has('watch')) return response.writeHead(200).flushHeaders()
  const list = (items: unknown[]) => answer(response, { metadata: { resourceVersion: '1' }, items })
  if (path.endsWith(`/apikeys/${id}`)) return answer(response, key)
  if (path.endsWith('/projects/project')) return answer(response, aProject())
  if (path.endsWith('reviews')) {
    return answer(
      response,
      { status: { allowed: true, userInfo: { username: 'carol@acme.com', groups: [] } } },
      201,
    )
  }
  if (method === 'POST' && path.endsWith('/apikeys')) {
    const { metadata, ...rest } = JSON.parse(body)
    return answer(response, { metadata: { ...metadata, uid: 'u', resourceVersion: '9' }, ...rest }, 201)
  }
  if (path.endsWith('/apikeys')) return list([key])
  if (path.endsWith('/projects')) return list([aProject()])
  return list([])
}

const me = async (token: string) => {
  const { status, body } = await gateway.as(token).get('/api/v1/me')
  return { status, code: body.code, detail: body.detail }
}
const isKeyRead = ({ method, path }: ReceivedRequest) => method === 'GET' && path.endsWith(`/apikeys/${id}`)

describe('a key that cannot be judged', () => {
  test.each(['apikeys', 'projects'] as const)(
    'should be neither accepted nor refused while the cache may be behind on %s, whichever key it is',
    { timeout: 30_000 },
    async kind => {
      expect(await me(good)).toMatchObject({ status: 200 })
      const isIts = ({ path, query }: ReceivedRequest) => query.has('watch') && path.endsWith(`/${kind}`)
      trouble = (request, response) => isIts(request) && response.destroy()
      api.cut()
      await expect.poll(() => ++skewMs && gateway.cache[kind].lagMs, { timeout: 5000 }).toBeGreaterThan(0)
      skewMs += 6000
      const others = gateway.cache.kinds.filter(({ resource }) => resource.plural !== kind)
      await expect.poll(() => others.every(other => other.isLive), { timeout: 10_000 }).toBe(true)
      const asked = api.requests.length
      const nobody = `csk_${'a'.repeat(16)}_${'b'.repeat(52)}`
      const answers = [await me(good), await me(wrong), await me(nobody)]
      expect(new Set(answers.map(one => JSON.stringify(one))).size).toBe(1)
      expect(answers[0]).toMatchObject({ status: 503, code: 'Behind' })
      expect(api.requests.slice(asked).filter(({ query }) => !query.has('watch'))).toEqual([])
    },
  )

  test.each<[string, Trouble]>([
    ['hangs up', (_, response) => response.destroy()],
    ['fails', (_, response) => refuse(response, 500, 'InternalError')],
    ['is too busy', (_, response) => refuse(response, 429, 'TooManyRequests')],
    ['does not know the gateway', (_, response) => refuse(response, 401, 'Unauthorized')],
    ['gives the gateway no right', (_, response) => refuse(response, 403, 'Forbidden')],
  ])('should not be accepted where the API server %s as it is asked about it', async (_, how) => {
    trouble = (request, response) => isKeyRead(request) && how(request, response)
    expect(await me(good)).toMatchObject({ status: 503, code: 'Unavailable' })
    trouble = () => {}
    expect(await me(good)).toMatchObject({ status: 200 })
  })

  test.each<[string, Trouble]>([
    ['is gone', (_, response) => refuse(response, 404, 'NotFound')],
    ['is another one by now', (_, response) => answer(response, aKey(id, stored.spec, { uid: 'other' }))],
    [
      'is being revoked',
      (_, response) =>
        answer(
          response,
          aKey(id, stored.spec, { annotations: { 'countersign.dev/revoked-by': 'alice@acme.com' } }),
        ),
    ],
  ])('should be refused where it %s, though the cache still has it', async (_, how) => {
    trouble = (request, response) => isKeyRead(request) && how(request, response)
    expect(await me(good)).toMatchObject({ status: 401 })
  })
})

test('a decision whose body is held back until its key is revoked should not be written', async () => {
  const url = `${gateway.url}${base}/approvals/a/approve`
  const headers = { authorization: `Bearer ${good}`, 'content-type': 'application/json' }
  const sending = request(url, { method: 'POST', headers })
  const answered = once(sending, 'response')
  sending.write('{"reason": ')
  await expect.poll(() => api.requests.filter(isKeyRead).length).toBe(1)
  trouble = (asked, response) => isKeyRead(asked) && refuse(response, 404, 'NotFound')
  sending.end('"yes"}')
  const [response] = await answered
  response.resume()
  expect(response.statusCode).toBe(401)
  expect(api.requests.filter(({ headers }) => headers['impersonate-user'] !== undefined)).toEqual([])
})

test('decisions of a list that takes long should not be written once its key is revoked', async () => {
  let written = 0
  trouble = ({ method, path, body }, response) => {
    const [, name] = /\/approvalrequests\/([^/]+)/.exec(path) ?? []
    if (name === undefined) return
    const request = sampleApprovalRequest('shop', name)
    const decisions = method === 'PATCH' ? [JSON.parse(body)[1].value] : []
    // Slow, and from the tenth on with a key that is revoked.
    if (method === 'PATCH' && ++written === 10) {
      key = aKey(id, stored.spec, { annotations: { 'countersign.dev/revoked-by': 'alice@acme.com' } })
      skewMs += 1000
    }
    const spec = { ...request.spec, requiredApprovals: 2 }
    const metadata = { ...request.metadata, creationTimestamp: '2026-11-22T12:00:00Z' }
    answer(response, { metadata, spec, status: { phase: 'Pending', decisions } })
  }
  const decisions = Array.from({ length: 100 }, (_, i) => ({ name: `a-${i}`, verdict: 'Approve' }))
  const { status, body } = await gateway.as(good).post(`${base}/approvals/decide`, { decisions })
  expect(status).toBe(200)
  const statuses = body.items.map((item: { status: number }) => item.status)
  expect(new Set(statuses)).toEqual(new Set([200, 401]))
  // Those that were under way, eight at a time, land.
  expect(written).toBeLessThan(10 + 8)
})

describe('being asked about', () => {
  test('should happen once a second however many requests come with a key, and before each write', async () => {
    await Promise.all(Array.from({ length: 20 }, () => me(good)))
    expect(api.requests.filter(isKeyRead)).toHaveLength(1)
    for (let i = 0; i < 3; i++) await gateway.as(good).post(`${base}/approvals/none/approve`, {})
    expect(api.requests.filter(isKeyRead)).toHaveLength(4)
    skewMs += 1000
    await me(good)
    expect(api.requests.filter(isKeyRead)).toHaveLength(5)
  })

  test('should not happen for a key whose secret is wrong', async () => {
    const before = api.requests.length
    expect(await me(wrong)).toMatchObject({ status: 401 })
    expect(api.requests.slice(before).filter(({ query }) => !query.has('watch'))).toEqual([])
  })
})

describe('acting as a person', () => {
  test('should be by name, with no groups, over the path API, whatever the caller sends', async () => {
    const headers = {
      'impersonate-user': 'alice@acme.com',
      'impersonate-group': 'system:masters',
      'impersonate-extra-countersign.dev%2fvia': 'Web',
    }
    await gateway.as(good).get('/api/v1/me', { headers })
    const asPerson = api.requests.filter(request => request.headers['impersonate-user'] !== undefined)
    expect(asPerson).toHaveLength(1)
    const { rawHeaders = [] } = asPerson[0] ?? {}
    const sent = rawHeaders.flatMap((name, i) =>
      /^impersonate/i.test(name) && i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : [],
    )
    expect(sent).toEqual(['Impersonate-User: carol@acme.com', 'Impersonate-Extra-countersign.dev%2Fvia: API'])
  })
})

describe('acting as somebody whom the operator has not taken up yet', () => {
  test('should be refused in words that say so, and nothing of how the gateway does it', async () => {
    const sentence = `users.authentication.k8s.io "carol@acme.com" is forbidden: User "system:serviceaccount:countersign-system:countersign-gateway" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope`
    trouble = (request, response) =>
      request.headers['impersonate-user'] !== undefined &&
      answer(response, status(403, 'Forbidden', sentence), 403)
    const refused = await me(good)
    expect(refused).toMatchObject({ status: 403, code: 'Forbidden' })
    expect(refused.detail).toMatch(/operator has not taken you up/)
    expect(refused.detail).not.toContain('serviceaccount')
  })
})

describe('guessing', () => {
  test('should soon be held up, by key and by address, while the good key goes on working', async () => {
    const codes = new Map<number, number>()
    for (let i = 0; i < 200; i++) {
      const { status } = await gateway.as(`csk_${id}_${String(i).padStart(52, 'x')}`).get('/api/v1/me')
      codes.set(status, (codes.get(status) ?? 0) + 1)
    }
    expect([...codes.keys()].sort()).toEqual([401, 429])
    expect(codes.get(401)).toBeLessThan(60)
    expect(await me(good)).toMatchObject({ status: 200 })
    const held = await gateway.as(wrong).get('/api/v1/me')
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('the secret of a key', () => {
  test('should never stand in a log, a metric, an answer or a request to the API server, whatever fails', {
    timeout: 60_000,
  }, async () => {
    const answers: unknown[] = []
    const everything = async () => {
      const sessions = [good, wrong, `${good}x`, `csk_${secret}`, `${good} ${good}`, ` ${good}`].map(
        gateway.as,
      )
      for (const session of sessions) {
        answers.push(
          await session.get('/api/v1/me'),
          await session.get(`${base}/approvals?phase=${secret}`),
          await session.get(`/api/v1/projects/other/agents`),
          await session.get(`${base}/runs/none`),
          await session.post(`${base}/approvals/none/reject`, { reason: 'no' }),
          await session.post(`${base}/approvals/none/approve`, '{broken'),
          await session.send('DELETE', `${base}/apikeys/${id}`),
          await session.get('/nothing'),
        )
      }
    }
    const troubles: Trouble[] = [
      () => {},
      (_, response) => response.destroy(),
      (_, response) => refuse(response, 500, 'InternalError'),
      (request, response) => !isKeyRead(request) && refuse(response, 403, 'Forbidden'),
      (request, response) => !isKeyRead(request) && response.destroy(),
      (request, response) => isKeyRead(request) && refuse(response, 404, 'NotFound'),
    ]
    for (const one of troubles) {
      trouble = (request, response) => !request.query.has('watch') && one(request, response)
      await everything()
      skewMs += 2000
    }
    trouble = () => {}
    const minted: string[] = []
    for (const one of [troubles[0], troubles[1]] as Trouble[]) {
      trouble = (request, response) =>
        request.method === 'POST' && /\/apikeys$/.test(request.path) && one(request, response)
      const { status, body } = await gateway.as(good).post(`${base}/apikeys`, { name: 'child' })
      if (status === 201) minted.push(body.key)
    }
    expect(minted).toHaveLength(1)
    expect(parseKey(minted[0] ?? '')).toBeDefined()
    const secrets = [secret, wrong.split('_')[2] ?? '', minted[0]?.split('_')[2] ?? '']
    const sent = api.requests.map(({ path, query, rawHeaders, body }) => [path, `${query}`, rawHeaders, body])
    const metrics = await gateway.metrics.registry.metrics()
    for (const text of [gateway.log(), metrics, JSON.stringify(answers), JSON.stringify(sent)]) {
      expect(text.length).toBeGreaterThan(100)
      for (const one of secrets) expect(text.includes(one)).toBe(false)
    }
  })
})
