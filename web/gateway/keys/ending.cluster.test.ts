// How API keys end: at once, on every replica, and with everything that was made with them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../../hack/testing.ts'
import { whoAmI } from '../identity.ts'
import { problemOf } from '../problems/translate.ts'
import type { TestGateway } from '../testing.ts'
import { anApproval, haveTokens } from '../testing-cluster.ts'
import {
  alice,
  bob,
  carol,
  gatewayClient,
  type KeyWorld,
  keyWorld,
  listen,
  storedKey,
} from './testing-cluster.ts'

describe.skipIf(!haveTokens())('an API key', () => {
  let world: KeyWorld
  let replica: TestGateway
  beforeAll(async () => {
    world = await keyWorld('keys-end')
    replica = await world.start()
  })
  afterAll(() => world.close())

  const revoke = async (id: string) =>
    expect((await world.as('alice').send('DELETE', `${world.base}/apikeys/${id}`)).status).toBe(204)
  const me = async (key: string, at?: TestGateway) => (await world.withKey(key, at).get('/api/v1/me')).status
  const decisions = async (name: string) =>
    (await adminClient().get(approvalRequests, { namespace: world.namespace, name })).status.decisions

  test('should end by being revoked: at once where that was asked for, within 2 s on another replica', async () => {
    const { id, key } = await world.make(world.as('carol'))
    await eventually(async () => (await me(key, replica)) === 200)
    await revoke(id)
    const revokedAt = performance.now()
    expect(await me(key)).toBe(401)
    await eventually(async () => (await me(key, replica)) === 401)
    expect(performance.now() - revokedAt).toBeLessThan(2000)
  })

  test('should not decide once it is revoked, on a replica that has heard nothing of it', async () => {
    const { id, key } = await world.make(world.as('carol'))
    await anApproval(world.namespace, 'deaf-1-0')
    await eventually(async () => (await me(key, replica)) === 200)
    // What the replica's watch brings does not arrive any more, as on a connection that has gone silent.
    const { store } = replica.cache.apikeys
    const { apply } = store
    store.apply = () => {}
    try {
      await revoke(id)
      const decide = world.withKey(key, replica).post(`${world.base}/approvals/deaf-1-0/approve`, {})
      expect((await decide).status).toBe(401)
      await eventually(async () => (await me(key, replica)) === 401)
      expect(await decisions('deaf-1-0')).toEqual([])
    } finally {
      store.apply = apply
    }
  })

  test('should take its event streams with it, on every replica, within 2 s', async () => {
    const { id, key } = await world.make(world.as('carol'))
    await eventually(async () => (await me(key, replica)) === 200)
    const streams = await Promise.all([world.gateway, replica].map(at => listen(at, world.base, key)))
    await revoke(id)
    const revokedAt = performance.now()
    await Promise.all(streams.map(({ ended }) => ended))
    expect(performance.now() - revokedAt).toBeLessThan(2000)
  })

  test('should be told that its time is over only to whoever knows its secret', async () => {
    const { id, key } = await world.make(world.as('carol'), { expiresInSeconds: 60 })
    const late = await world.start({ now: () => Date.now() + 61_000 })
    const expired = await world.withKey(key, late).get('/api/v1/me')
    expect(expired).toMatchObject({ status: 401, body: { detail: expect.stringContaining('expired') } })
    const guess = `csk_${id}_${'a'.repeat(52)}`
    const nobody = `csk_aaaaaaaaaaaaaaaa_${'a'.repeat(52)}`
    const answers = []
    for (const wrong of [guess, nobody, `${key}a`, 'csk_', key.toUpperCase().replace('CSK', 'csk')]) {
      const { status, body } = await world.withKey(wrong, late).get('/api/v1/me')
      answers.push({ status, detail: body.detail })
    }
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 401, detail: expect.not.stringContaining('expired') })
  })

  test('should end with the key that it was made with', async () => {
    const parent = await world.make(world.as('carol'))
    const child = await world.make(parent)
    const grandchild = await world.make(child)
    const beyond = await grandchild.post(`${world.base}/apikeys`, { name: 'x' })
    expect(beyond.status).toBe(403)
    await revoke(parent.id)
    expect(await Promise.all([me(child.key), me(grandchild.key)])).toEqual([401, 401])
    await eventually(async () => (await me(grandchild.key, replica)) === 401)
    for (const { id } of [parent, child, grandchild]) {
      await eventually(async () => (await storedKey(id)) === undefined)
    }
  })

  test('should end when its user is no member any more, and not come back with them', async () => {
    const bobs = await world.make(world.as('bob'))
    await anApproval(world.namespace, 'removed-1-0')
    await eventually(async () => (await me(bobs.key, replica)) === 200)
    await world.setMembers(alice, carol)
    for (const at of [world.gateway, replica]) {
      await eventually(async () => (await me(bobs.key, at)) === 401)
      const decided = await world
        .withKey(bobs.key, at)
        .post(`${world.base}/approvals/removed-1-0/approve`, {})
      expect(decided.status).toBe(401)
    }
    expect(await decisions('removed-1-0')).toEqual([])
    await eventually(async () => (await storedKey(bobs.id)) === undefined)
    await world.setMembers(alice, bob, carol)
    await eventually(async () => (await world.as('bob').get(`${world.base}/apikeys`)).status === 200)
    expect(await me(bobs.key)).toBe(401)
  })

  test('should lose what its user loses: an owner who becomes a member decides and sees no more than one', async () => {
    await world.setMembers(alice, { ...bob, role: 'Owner' }, carol)
    const bobs = await world.make(world.as('bob'))
    const users = async (): Promise<string[]> =>
      (await bobs.get(`${world.base}/apikeys`)).body.items.map(({ user }: { user: string }) => user)
    const carols = await world.make(world.as('carol'))
    await eventually(async () => (await users()).includes('carol@acme.com'))
    await world.setMembers(alice, { ...bob, role: 'Member' }, carol)
    await eventually(async () => !(await users()).includes('carol@acme.com'))
    expect((await bobs.send('DELETE', `${world.base}/apikeys/${carols.id}`)).status).toBe(404)
    expect((await bobs.get('/api/v1/me')).status).toBe(200)
    await world.setMembers(alice, bob, carol)
  })

  test('should be refused in words that help while the operator has not taken its user up', async () => {
    const asMallory = (await gatewayClient()).impersonate({
      user: 'mallory@acme.com',
      extra: { 'countersign.dev/via': ['API'] },
    })
    const refusal = await whoAmI(asMallory).catch(error => problemOf(error).document())
    expect(refusal).toMatchObject({ code: 'Forbidden', detail: expect.stringContaining('operator has not') })
  })
})
