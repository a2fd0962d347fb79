// Sessions of browsers, with the gateway's own token and a working operator.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientForServiceAccount, eventually } from '../../../hack/testing.ts'
import { makeSessionKey } from '../../../operator/session-key.ts'
import { keyNamespace } from '../keys/keeping.ts'
import { alice, bob, carol, type KeyWorld, keyWorld } from '../keys/testing-cluster.ts'
import type { Answer, Session, TestGateway } from '../testing.ts'
import { anApproval, haveTokens, operator, runSettler, tokenOf } from '../testing-cluster.ts'
import { cookieName } from './cookie.ts'
import { sessionKeySecret } from './key-ring.ts'
import { cookieSetBy, ownPage, type SignedIn, signIn, withCookie } from './testing.ts'

const secrets = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true } as const
const secretRef = { namespace: keyNamespace, name: sessionKeySecret }

describe.skipIf(!haveTokens())('a session', () => {
  let world: KeyWorld
  let replica: TestGateway
  beforeAll(async () => {
    await makeSessionKey(operator(), keyNamespace)
    world = await keyWorld('sessions')
    replica = await world.start()
  })
  afterAll(async () => {
    await world.close()
  })

  const asPerson = (person: string, at = world.gateway) => signIn(at, tokenOf(`${person}@acme.com`))
  const decisions = async (name: string) =>
    (await adminClient().get(approvalRequests, { namespace: world.namespace, name })).status.decisions
  const waiting = (name: string) => {
    const ref = { namespace: world.namespace, name }
    return eventually(() => world.gateway.cache.approvals.store.find(ref))
  }
  const open = async (name: string, spec = {}) => {
    await anApproval(world.namespace, name, spec)
    await waiting(name)
  }

  /** An event stream by cookie: resolves once it is open, with its end. */
  const listenBy = async ({ cookie }: SignedIn, at = world.gateway) => {
    const headers = { cookie: `${cookieName}=${cookie}`, ...ownPage }
    const answer = await fetch(`${at.url}${world.base}/events`, { headers })
    expect(answer.status).toBe(200)
    return { ended: answer.text() }
  }

  test('should begin with a token, say who it is, and be good on every replica', async () => {
    const answer = await world.gateway
      .as(undefined)
      .post('/api/v1/session', { token: tokenOf('carol@acme.com') }, { headers: ownPage })
    expect(answer).toMatchObject({ status: 201, body: { username: 'carol@acme.com' } })
    const cookie = cookieSetBy(answer.headers) ?? ''
    for (const at of [world.gateway, replica]) {
      const browser = withCookie(at, cookie)
      expect((await browser.get('/api/v1/me')).body.username).toBe('carol@acme.com')
      const names = (await browser.get('/api/v1/projects')).body.items.map(
        ({ name }: { name: string }) => name,
      )
      expect(names).toContain(world.namespace)
      expect((await browser.get(`${world.base}/approvals`)).status).toBe(200)
      const renewed = await browser.get('/api/v1/session')
      expect(renewed.body).toMatchObject({ username: 'carol@acme.com', expiresAt: answer.body.expiresAt })
      const again = cookieSetBy(renewed.headers) ?? ''
      expect((await withCookie(at, again).get('/api/v1/me')).status).toBe(200)
    }
  })

  test('should do no more than its user may', async () => {
    const carols = await asPerson('carol')
    const { status } = await carols.send('PUT', `${world.base}/notifications`, { body: {} })
    expect(status).toBe(403)
    expect((await carols.get('/api/v1/projects/kube-system/approvals')).status).toBe(403)
  })

  test('should not begin for strangers, ServiceAccounts or bad credentials', async () => {
    const attempt = async (token: string): Promise<Answer> => {
      const answer = await world.gateway
        .as(undefined)
        .post('/api/v1/session', { token }, { headers: ownPage })
      expect(answer.headers.get('set-cookie')).toBeNull()
      return answer
    }
    expect(await attempt(tokenOf('mallory@acme.com'))).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('ask an owner to add mallory@acme.com') },
    })
    expect((await attempt('nobodys-token')).status).toBe(401)
    expect((await attempt(`csk_${'a'.repeat(16)}_${'b'.repeat(52)}`)).status).toBe(401)
    const robot = (await adminClient().raw({
      method: 'POST',
      path: `/api/v1/namespaces/${keyNamespace}/serviceaccounts/countersign-gateway/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    })) as { status: { token: string } }
    expect(await attempt(robot.status.token)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('for people') },
    })
  })

  test('should be refused at the next request, and its event streams end, once its user is no member', async () => {
    await open('removed-2-0')
    const bobs = await asPerson('bob')
    const streams = await Promise.all([world.gateway, replica].map(at => listenBy(bobs, at)))
    await world.setMembers(alice, carol)
    const removedAt = performance.now()
    await Promise.all(streams.map(({ ended }) => ended))
    expect(performance.now() - removedAt).toBeLessThan(2000)
    for (const at of [world.gateway, replica]) {
      const browser = withCookie(at, bobs.cookie)
      // 401, unless another test's project names bob at this moment.
      expect([401, 403]).toContain((await browser.get(`${world.base}/approvals`)).status)
      const decide = await browser.post(`${world.base}/approvals/removed-2-0/approve`, {})
      expect([401, 403]).toContain(decide.status)
    }
    expect(await decisions('removed-2-0')).toEqual([])
    await world.setMembers(alice, bob, carol)
    await eventually(async () => (await world.as('bob').get(`${world.base}/apikeys`)).status === 200)
  })

  describe('made with an API key', () => {
    test('should be narrowed as the key is, and so should be what is made with it', async () => {
      const key = await world.make(world.as('carol'), { agents: ['order-manager'], expiresInSeconds: 600 })
      const browser = await signIn(world.gateway, key.key)
      const { body } = await browser.get('/api/v1/session')
      expect(body).toMatchObject({
        username: 'carol@acme.com',
        apiKey: { id: key.id, project: world.namespace, agents: ['order-manager'] },
      })
      expect(Date.parse(body.expiresAt)).toBe(Date.parse(key.expiresAt))
      expect((await browser.get('/api/v1/projects/elsewhere/approvals')).status).toBe(403)
      const child = (await browser.post(`${world.base}/apikeys`, { name: 'x', expiresInSeconds: 86_400 }))
        .body
      expect(child).toMatchObject({ agents: ['order-manager'], expiresAt: key.expiresAt, madeWith: key.id })
      const beyond = await browser.post(`${world.base}/apikeys`, { name: 'x', agents: ['other'] })
      expect(beyond.status).toBe(403)
      const { items } = (await browser.get(`${world.base}/apikeys`)).body
      expect(items.map(({ id }: { id: string }) => id).sort()).toEqual([key.id, child.id].sort())

      const reader = await world.make(world.as('carol'), { readOnly: true })
      const reads = await signIn(world.gateway, reader.key)
      expect((await reads.get(`${world.base}/approvals`)).status).toBe(200)
      expect((await reads.post(`${world.base}/apikeys`, { name: 'x' })).status).toBe(403)
    })

    test('should end within 2 s of the key, on every replica, with its event streams', async () => {
      await open('revoked-2-0')
      const { id, key } = await world.make(world.as('carol'))
      await eventually(async () => (await world.withKey(key, replica).get('/api/v1/me')).status === 200)
      const browser = await signIn(world.gateway, key)
      const there = withCookie(replica, browser.cookie)
      expect((await there.get('/api/v1/me')).status).toBe(200)
      const streams = await Promise.all([world.gateway, replica].map(at => listenBy(browser, at)))
      expect((await world.as('alice').send('DELETE', `${world.base}/apikeys/${id}`)).status).toBe(204)
      const revokedAt = performance.now()
      const refused = await browser.get('/api/v1/me')
      expect(refused.status).toBe(401)
      expect(cookieSetBy(refused.headers)).toBe('')
      await eventually(async () => (await there.get('/api/v1/me')).status === 401)
      await Promise.all(streams.map(({ ended }) => ended))
      expect(performance.now() - revokedAt).toBeLessThan(2000)
      expect((await there.post(`${world.base}/approvals/revoked-2-0/approve`, {})).status).toBe(401)
      expect(await decisions('revoked-2-0')).toEqual([])
    })
  })

  test('should be nobody where its cookie was changed, and be taken away', async () => {
    const { cookie } = await asPerson('carol')
    const at = (i: number) => cookie.slice(0, i) + (cookie[i] === 'A' ? 'B' : 'A') + cookie.slice(i + 1)
    const changed = [
      at(0),
      at(5),
      at(20),
      at(60),
      at(cookie.length - 20),
      cookie.slice(0, -4),
      `${cookie}AAAA`,
      'x',
    ]
    for (const wrong of changed) {
      const answer = await withCookie(world.gateway, wrong).get('/api/v1/me')
      expect([answer.status, cookieSetBy(answer.headers)]).toEqual([401, ''])
    }
  })

  test('should be refused, and left alone, where the page takes it for somebody else’s', async () => {
    const carols = await asPerson('carol')
    const as = (user: string) =>
      carols.get('/api/v1/me', { headers: { 'countersign-user': encodeURIComponent(user) } })
    expect((await as('carol@acme.com')).status).toBe(200)
    const refused = await as('alice@acme.com')
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([401, null])
  })

  test('should not be looked at where there is an Authorization header', async () => {
    const carols = await asPerson('carol')
    const headers = { cookie: `${cookieName}=${carols.cookie}` }
    const me = (session: Session) => session.get('/api/v1/me', { headers })
    expect((await me(world.as('alice'))).body.username).toBe('alice@acme.com')
    expect((await me(world.gateway.as('nobodys-token'))).status).toBe(401)
  })

  test('should end in this browser by signing out', async () => {
    const answer = await (await asPerson('carol')).send('DELETE', '/api/v1/session')
    expect([answer.status, cookieSetBy(answer.headers)]).toEqual([204, ''])
  })

  test('should outlive a change of the key as long as the old one is kept, and no longer', async () => {
    const carols = await asPerson('carol')
    const { data } = (await adminClient().get(secrets, secretRef)) as { data?: Record<string, string> }
    const set = (body: object) =>
      adminClient().patch(secrets, secretRef, { type: 'merge', body: { data: body } })
    const fresh = Buffer.alloc(32, 7).toString('base64')
    await set({ current: fresh, previous: data?.current })
    try {
      const later = await world.start()
      expect((await withCookie(later, carols.cookie).get('/api/v1/me')).status).toBe(200)
      const next = await asPerson('carol', later)
      // A replica that has not heard of the new key looks.
      await eventually(async () => (await withCookie(replica, next.cookie).get('/api/v1/me')).status === 200)
      await set({ previous: null })
      const last = await world.start()
      expect((await withCookie(last, carols.cookie).get('/api/v1/me')).status).toBe(401)
      expect((await withCookie(last, next.cookie).get('/api/v1/me')).status).toBe(200)
    } finally {
      await set({ ...data, previous: null })
    }
  })

  test('should stand in no log', async () => {
    const { cookie } = await asPerson('alice')
    for (const secret of [cookie, tokenOf('alice@acme.com')])
      expect(world.gateway.log()).not.toContain(secret)
  })

  describe('deciding', () => {
    let stopSettler = async () => {}
    beforeAll(async () => {
      // It would cancel requests that no run waits for. From here on the test plays its part.
      await world.stopOperator()
      stopSettler = await runSettler(world.namespace)
    })
    afterAll(() => stopSettler())

    test('should decide in the name of who is signed in, over the path Web', async () => {
      await open('web-1-0', { requiredApprovals: 2 })
      const carols = await asPerson('carol')
      const approve = `${world.base}/approvals/web-1-0/approve`
      expect((await carols.post(approve, { reason: 'looked' })).status).toBe(200)
      // The same person over another path counts once.
      expect((await world.as('carol').post(approve, {})).status).toBe(200)
      expect(await decisions('web-1-0')).toMatchObject([
        { reviewer: 'carol@acme.com', verdict: 'Approve', via: 'Web' },
      ])
    })

    test('should be used by no other site', async () => {
      await open('foreign-1-0')
      const carols = await asPerson('carol')
      const approve = `${world.base}/approvals/foreign-1-0/approve`
      const cookie = { cookie: `${cookieName}=${carols.cookie}` }
      const post = (headers: Record<string, string>, body: unknown = {}) =>
        world.gateway.as(undefined).post(approve, body, { headers: { ...cookie, ...headers } })
      for (const headers of [
        {},
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site', origin: world.gateway.url },
      ]) {
        expect((await post(headers as Record<string, string>)).status, JSON.stringify(headers)).toBe(403)
      }
      const form = await post({ ...ownPage, 'content-type': 'text/plain' }, '{"reason": "x"}')
      expect(form.status).toBe(415)
      const read = await carols.get(`${world.base}/approvals`, {
        headers: { 'sec-fetch-site': 'cross-site' },
      })
      expect(read.status).toBe(403)
      expect(await decisions('foreign-1-0')).toEqual([])
      // Our own page, in a browser that says Origin alone.
      expect((await post({ origin: world.gateway.url })).status).toBe(200)
    })
  })
})

test('the gateway reads the key of its sessions by its name, and writes it never', async () => {
  const gateway = clientForServiceAccount('countersign-system', 'countersign-gateway')
  await makeSessionKey(operator(), keyNamespace)
  const attempt = (work: Promise<unknown>) =>
    work.then(
      () => 'allowed',
      error => error.code,
    )
  expect(await attempt(gateway.get(secrets, secretRef))).toBe('allowed')
  const body = { data: { current: 'AA==' } }
  expect(await attempt(gateway.patch(secrets, secretRef, { type: 'merge', body }))).toBe(403)
  expect(await attempt(gateway.list(secrets, { namespace: keyNamespace }))).toBe(403)
  expect(await attempt(gateway.get(secrets, { ...secretRef, name: 'countersign-redaction-key' }))).toBe(403)
})
