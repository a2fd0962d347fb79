// API keys on the real API server, with a whole operator: made as the gateway makes them.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { APIKey, APIKeySpec } from '../../../crds/v1alpha1/apikey.ts'
import { ANNOTATIONS, API_VERSION, KEY_FINALIZER, type Meta } from '../../../crds/v1alpha1/meta.ts'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { apiKeys, auditRecords, projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientForServiceAccount, eventually, untilObject } from '../../../hack/testing.ts'
import { isNotFound } from '../../../kube/errors.ts'
import { faultyClient, once } from '../../testing/faulty-client.ts'
import { newWorld, operatorClient, SYSTEM, type World } from '../../testing/world.ts'

const gateway = () => clientForServiceAccount(SYSTEM, 'countersign-gateway')
const alice: Member = { user: 'alice@acme.com', role: 'Owner' }
const carol: Member = { user: 'carol@acme.com', role: 'Member' }

const createProject = (world: World, members: readonly Member[]) =>
  adminClient().create(projects, {
    metadata: { name: 'project', namespace: world.namespace },
    spec: { members: [...members] },
  })

const aKey = (world: World, metadata: Partial<Meta> = {}, spec: Partial<APIKeySpec> = {}): APIKey => ({
  metadata: {
    name: randomBytes(8).toString('hex'),
    namespace: SYSTEM,
    finalizers: [KEY_FINALIZER],
    annotations: { [ANNOTATIONS.createdVia]: 'Token' },
    ...metadata,
  },
  spec: {
    project: world.namespace,
    user: 'carol@acme.com',
    name: 'nightly job',
    hash: `sha256:${randomBytes(32).toString('hex')}`,
    readOnly: false,
    ...spec,
  },
})
const create = (key: APIKey) => gateway().create(apiKeys, key)
const refOf = ({ metadata }: APIKey) => ({ namespace: SYSTEM, name: metadata.name })
const untilGone = (key: APIKey) => untilObject(apiKeys, refOf(key), found => found === undefined)

/** As the gateway does. */
const revoke = async (key: APIKey, by: string) => {
  const annotations = { [ANNOTATIONS.revokedBy]: by, [ANNOTATIONS.revokedVia]: 'API' }
  await gateway().patch(apiKeys, refOf(key), { type: 'merge', body: { metadata: { annotations } } })
  // The operator may have seen the word of it and ended the key already.
  await gateway()
    .delete(apiKeys, refOf(key))
    .catch(error => {
      if (!isNotFound(error)) throw error
    })
}

/** What the chain says of a key, in order. */
const recordedOf = async (world: World, key: APIKey) =>
  (await world.audit())
    .filter(({ object }) => object?.kind === 'APIKey' && object.name === key.metadata.name)
    .map(({ action, actor, via, reason }) =>
      [action, actor?.replace(/^system:.*:/, ''), via, reason].filter(word => word !== undefined).join(' '),
    )
const untilRecorded = (world: World, key: APIKey, entries: number) =>
  eventually(async () => (await recordedOf(world, key)).length >= entries)

describe('an API key', () => {
  it('is recorded as made by its user, and as revoked by whoever did, before it is gone', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const key = await create(aKey(world))
    await untilRecorded(world, key, 1)
    await revoke(key, 'alice@acme.com')
    await untilGone(key)
    expect(await recordedOf(world, key)).toEqual([
      'KeyCreated carol@acme.com Token',
      'KeyRevoked alice@acme.com API',
    ])
    const text = JSON.stringify(await adminClient().listAll(auditRecords, { namespace: world.namespace }))
    expect(text).not.toContain(key.spec.hash.slice('sha256:'.length))
    await world.stop()
  })

  it('that came and went while no operator ran is recorded all the same, and each of it once', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const stays = await create(aKey(world))
    await untilRecorded(world, stays, 1)
    await world.stop()
    const goes = await create(aKey(world))
    await revoke(goes, 'carol@acme.com')
    expect((await adminClient().get(apiKeys, refOf(goes))).metadata.deletionTimestamp).toBeDefined()
    world.restart()
    await untilGone(goes)
    expect(await recordedOf(world, goes)).toEqual([
      'KeyCreated carol@acme.com Token',
      'KeyRevoked carol@acme.com API',
    ])
    await revoke(stays, 'carol@acme.com')
    await untilGone(stays)
    expect(await recordedOf(world, stays)).toEqual([
      'KeyCreated carol@acme.com Token',
      'KeyRevoked carol@acme.com API',
    ])
    await world.stop()
  })

  it('is revoked with the membership of its user, and no other is', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const [hers, owners] = [
      await create(aKey(world)),
      await create(aKey(world, {}, { user: 'alice@acme.com' })),
    ]
    await untilRecorded(world, hers, 1)
    await adminClient().patch(
      projects,
      { namespace: world.namespace, name: 'project' },
      { type: 'merge', body: { spec: { members: [alice] } } },
    )
    await untilGone(hers)
    expect((await recordedOf(world, hers))[1]).toBe(
      'KeyRevoked countersign-operator carol@acme.com is no longer named as a user in spec.members of the project',
    )
    await untilRecorded(world, owners, 1)
    expect((await adminClient().get(apiKeys, refOf(owners))).metadata.deletionTimestamp).toBeUndefined()
    await revoke(owners, 'alice@acme.com')
    await untilGone(owners)
    await world.stop()
  })

  it('goes with its project', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const key = await create(aKey(world))
    await untilRecorded(world, key, 1)
    await adminClient().delete(projects, { namespace: world.namespace, name: 'project' })
    await untilGone(key)
    expect((await recordedOf(world, key))[1]).toBe(
      `KeyRevoked countersign-operator the project ${world.namespace} is gone`,
    )
    await world.stop()
  })

  it('goes with the namespace of its project, where nothing can be recorded any more', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const key = await create(aKey(world))
    await untilRecorded(world, key, 1)
    await adminClient().raw({ method: 'DELETE', path: `/api/v1/namespaces/${world.namespace}` })
    await untilGone(key)
    await world.stop()
  })

  it('goes with the key that it was made with', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const parent = await create(aKey(world))
    const { name, uid = '' } = parent.metadata
    const child = await create(
      aKey(world, { ownerReferences: [{ apiVersion: API_VERSION, kind: 'APIKey', name, uid }] }),
    )
    await revoke(parent, 'carol@acme.com')
    await untilGone(child)
    expect(await recordedOf(world, child)).toEqual([
      'KeyCreated carol@acme.com Token',
      'KeyRevoked countersign-operator the key that it was made with is gone',
    ])
    await world.stop()
  })

  it('that somebody revoked, but could not delete any more, is deleted', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const key = await create(aKey(world))
    const body = { metadata: { annotations: { [ANNOTATIONS.revokedBy]: 'alice@acme.com' } } }
    await gateway().patch(apiKeys, refOf(key), { type: 'merge', body })
    await untilGone(key)
    expect((await recordedOf(world, key))[1]).toBe('KeyRevoked alice@acme.com')
    await world.stop()
  })

  it('is seen for a week after it expired, and then removed', async () => {
    const world = await newWorld('keys')
    await createProject(world, [alice, carol])
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().replace(/\.\d+/, '')
    const [young, old] = [
      await create(aKey(world, {}, { expiresAt: ago(6) })),
      await create(aKey(world, {}, { expiresAt: ago(8) })),
    ]
    await untilGone(old)
    expect((await recordedOf(world, old))[1]).toBe(
      `KeyRevoked countersign-operator expired at ${old.spec.expiresAt}`,
    )
    await untilRecorded(world, young, 1)
    expect((await adminClient().get(apiKeys, refOf(young))).metadata.deletionTimestamp).toBeUndefined()
    await revoke(young, 'carol@acme.com')
    await untilGone(young)
    await world.stop()
  })

  it.each(['Before', 'After'] as const)(
    'is recorded once and let go where the connection breaks (%s the finalizer was taken out)',
    async when => {
      const broken = once(when, ({ verb, what }) => verb === 'replace' && what === 'apikeys')
      const world = await newWorld('keys', { client: faultyClient(operatorClient(), broken.fault) })
      await createProject(world, [alice, carol])
      const key = await create(aKey(world))
      await revoke(key, 'carol@acme.com')
      await untilGone(key)
      expect(broken.done()).toBe(true)
      expect(await recordedOf(world, key)).toEqual([
        'KeyCreated carol@acme.com Token',
        'KeyRevoked carol@acme.com API',
      ])
      await world.stop()
    },
  )
})
