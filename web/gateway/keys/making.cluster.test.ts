// Who makes, sees and revokes which API keys, on a real API server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { KEY_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import { apiKeys } from '../../../crds/v1alpha1/resources.ts'
import { eventually, untilObject } from '../../../hack/testing.ts'
import { bindRole, haveTokens } from '../testing-cluster.ts'
import { hashOf } from './key.ts'
import { type KeyWorld, keyWorld, storedKey } from './testing-cluster.ts'

describe.skipIf(!haveTokens())('API keys', () => {
  let world: KeyWorld
  beforeAll(async () => {
    world = await keyWorld('keys-make')
  })
  afterAll(() => world.close())

  const ids = async (person: string): Promise<string[]> => {
    const { status, body } = await world.as(person).get(`${world.base}/apikeys`)
    expect(status).toBe(200)
    return body.items.map((item: { id: string }) => item.id)
  }
  const revoke = (person: string, id: string) =>
    world.as(person).send('DELETE', `${world.base}/apikeys/${id}`)

  describe('making one', () => {
    test('should show the key this once, store its hash alone, and say what it may do and until when', async () => {
      const body = { name: 'nightly job', expiresInSeconds: 600, agents: ['order-manager'] }
      const answer = await world.as('carol').post(`${world.base}/apikeys`, body)
      expect(answer.status).toBe(201)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const { id, key, expiresAt, createdAt } = answer.body
      expect(answer.body).toEqual({
        id,
        key,
        name: 'nightly job',
        project: world.namespace,
        user: 'carol@acme.com',
        readOnly: false,
        agents: ['order-manager'],
        createdAt,
        expiresAt,
      })
      const seconds = (Date.parse(expiresAt) - Date.parse(createdAt)) / 1000
      expect(Math.abs(seconds - 600)).toBeLessThanOrEqual(5)

      const stored = await storedKey(id)
      const secret = key.split('_')[2]
      expect(stored?.spec.hash).toBe(hashOf(secret))
      expect(JSON.stringify(stored)).not.toContain(secret)
      expect(stored?.metadata.finalizers).toEqual([KEY_FINALIZER])
      const listed = await world.as('carol').get(`${world.base}/apikeys`)
      expect(listed.body.items).toContainEqual(expect.objectContaining({ id, name: 'nightly job' }))
      expect(JSON.stringify(listed.body)).not.toMatch(new RegExp(`${secret}|sha256`))
    })

    test('should work at once on the replica that made it, and on others as soon as they hear of it', async () => {
      const replica = await world.start()
      const key = await world.make(world.as('carol'))
      const me = await key.get('/api/v1/me')
      expect(me).toMatchObject({ status: 200, body: { username: 'carol@acme.com' } })
      await eventually(async () => (await world.withKey(key.key, replica).get('/api/v1/me')).status === 200)
    })

    test('should be refused to strangers in the very words of a project that does not exist', async () => {
      const stranger = world.as('mallory')
      const there = await stranger.post(`${world.base}/apikeys`, { name: 'x' })
      const nowhere = await stranger.post('/api/v1/projects/nowhere/apikeys', { name: 'x' })
      const neutral = (text: string, name: string) => text.replaceAll(name, '<ns>')
      expect(there.status).toBe(403)
      expect(nowhere.status).toBe(403)
      expect(neutral(there.body.detail, world.namespace)).toBe(neutral(nowhere.body.detail, 'nowhere'))
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', '/aaaaaaaaaaaaaaaa'],
      ] as const) {
        expect(await stranger.send(method, `${world.base}/apikeys${path}`)).toMatchObject({ status: 403 })
      }
    })

    test('should be refused, with what to do, to somebody whom the project does not name as a user', async () => {
      // As a member through a group, or by a role binding that somebody else made.
      await bindRole(world.namespace, 'member', 'mallory@acme.com')
      const refused = await eventually(async () => {
        const answer = await world.as('mallory').post(`${world.base}/apikeys`, { name: 'x' })
        return answer.body.detail.includes('does not name') && answer
      })
      expect(refused.status).toBe(403)
      expect(refused.body.detail).toContain('ask an owner to add mallory@acme.com to spec.members by name')
    })

    test('should be refused with what it may not say', async () => {
      for (const body of [
        {},
        { name: 'a\u0007' },
        { name: 'x', expiresInSeconds: 1 },
        { name: 'x', user: 'a' },
      ]) {
        const answer = await world.as('carol').post(`${world.base}/apikeys`, body)
        expect(answer).toMatchObject({ status: 422, body: { code: 'Invalid' } })
      }
    })
  })

  describe('seeing and revoking them', () => {
    test('should be everybody’s own, and all of them an owner’s', async () => {
      const [carols, bobs, alices] = await Promise.all([
        world.make(world.as('carol')),
        world.make(world.as('bob')),
        world.make(world.as('alice')),
      ])
      expect(await ids('carol')).toContain(carols.id)
      expect(await ids('carol')).not.toContain(bobs.id)
      expect(await ids('bob')).not.toContain(carols.id)
      expect(await ids('alice')).toEqual(expect.arrayContaining([carols.id, bobs.id, alices.id]))

      expect((await revoke('carol', bobs.id)).status).toBe(404)
      expect((await revoke('bob', carols.id)).status).toBe(404)
      expect((await bobs.get('/api/v1/me')).status).toBe(200)
      expect((await revoke('alice', bobs.id)).status).toBe(204)
      expect((await bobs.get('/api/v1/me')).status).toBe(401)
      expect((await revoke('alice', bobs.id)).status).toBe(404)
      expect((await revoke('carol', carols.id)).status).toBe(204)
      expect((await revoke('carol', carols.id)).status).toBe(404)
      expect((await revoke('alice', 'aaaaaaaaaaaaaaaa')).status).toBe(404)
      expect(await ids('alice')).not.toContain(bobs.id)
      expect(await ids('carol')).not.toContain(carols.id)
    })

    test('should be over any path that is recorded: who made it, who revoked it, and with what', async () => {
      const first = await world.make(world.as('carol'))
      const second = await world.make(first)
      expect((await revoke('alice', second.id)).status).toBe(204)
      expect((await first.send('DELETE', `${world.base}/apikeys/${first.id}`)).status).toBe(204)
      for (const { id } of [first, second]) {
        await untilObject(
          apiKeys,
          { namespace: 'countersign-system', name: id },
          found => found === undefined,
        )
      }
      const entries = await world.audit()
      const of = (id: string): Pick<AuditEntry, 'action' | 'actor' | 'via'>[] =>
        entries
          .filter(({ object }) => object?.name === id)
          .map(({ action, actor, via }) => ({ action, actor, via }))
      expect(of(second.id)).toEqual([
        { action: 'KeyCreated', actor: 'carol@acme.com', via: 'API' },
        { action: 'KeyRevoked', actor: 'alice@acme.com', via: 'Token' },
      ])
      expect(of(first.id)).toEqual([
        { action: 'KeyCreated', actor: 'carol@acme.com', via: 'Token' },
        { action: 'KeyRevoked', actor: 'carol@acme.com', via: 'API' },
      ])
    })

    test('should go page by page, newest first', async () => {
      for (let i = 0; i < 3; i++) await world.make(world.as('bob'))
      const all = await ids('bob')
      const first = await world.as('bob').get(`${world.base}/apikeys?limit=2`)
      const next = `limit=2&continue=${first.body.continue}`
      const second = await world.as('bob').get(`${world.base}/apikeys?${next}`)
      expect([...first.body.items, ...second.body.items].map(({ id }) => id)).toEqual(all.slice(0, 4))
    })
  })
})
