import { describe, expect, test } from 'vitest'
import { adminClient, clientFor, cluster, testNamespace } from '../hack/testing.ts'
import { loadConnection } from './config.ts'
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isNotFound,
  isUnauthorized,
  logSafe,
} from './errors.ts'
import { createClient } from './http-client.ts'
import { type ConfigMap, configMaps } from './testing.ts'
import type { KubeObject, Resource, WatchEvent } from './types.ts'

const namespace = await testNamespace('client')
const client = adminClient()
const ref = (name: string) => ({ namespace, name })
const aMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { namespace, name },
  data,
})
const caught = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    error => error,
  )

describe('against a real API server', () => {
  test('an object should be created, read, replaced, patched and deleted', async () => {
    const created = await client.create(configMaps, aMap('crud', { a: '1' }))
    expect(created).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } })
    expect(isAlreadyExists(await caught(client.create(configMaps, aMap('crud'))))).toBe(true)

    const replaced = await client.replace(configMaps, { ...created, data: { a: '2' } })
    expect(replaced.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion)
    expect(isConflict(await caught(client.replace(configMaps, created)))).toBe(true)

    await client.patch(configMaps, ref('crud'), { type: 'merge', body: { data: { b: '3' } } })
    await client.patch(configMaps, ref('crud'), {
      type: 'json',
      body: [
        { op: 'test', path: '/data/a', value: '2' },
        { op: 'remove', path: '/data/a' },
      ],
    })
    expect((await client.get(configMaps, ref('crud'))).data).toEqual({ b: '3' })

    const stale = client.delete(configMaps, ref('crud'), { uid: 'another' })
    expect(isConflict(await caught(stale))).toBe(true)
    await client.delete(configMaps, ref('crud'), { uid: created.metadata.uid! })
    expect(await client.find(configMaps, ref('crud'))).toBeUndefined()
    const gone = await caught(client.get(configMaps, ref('crud')))
    expect(isNotFound(gone)).toBe(true)
    expect(logSafe(gone)).toMatchObject({ reason: 'NotFound', kind: 'configmaps', object: 'crud' })
  })

  test('server-side apply should own its fields, and take over another’s only by force', async () => {
    const apply = (value: string, fieldManager: string, force = false) =>
      client.patch(
        configMaps,
        ref('ssa'),
        { type: 'apply', body: { metadata: { name: 'ssa' }, data: { k: value } }, force },
        { fieldManager },
      )
    const first = await apply('1', 'one')
    expect(first.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).toEqual([
      'one Apply',
    ])
    expect(isConflict(await caught(apply('2', 'two')))).toBe(true)
    expect((await apply('2', 'two', true)).data).toEqual({ k: '2' })
  })

  test('a dry run should answer as if, and store nothing', async () => {
    const created = await client.create(configMaps, aMap('dry', { a: '1' }), { dryRun: true })
    expect(created.metadata.uid).toBeDefined()
    expect(await client.find(configMaps, ref('dry'))).toBeUndefined()
    await client.create(configMaps, aMap('dry', { a: '1' }))
    await client.patch(
      configMaps,
      ref('dry'),
      { type: 'merge', body: { data: { a: '2' } } },
      { dryRun: true },
    )
    await client.delete(configMaps, ref('dry'), { dryRun: true })
    expect((await client.get(configMaps, ref('dry'))).data).toEqual({ a: '1' })
  })

  test('a field that does not exist should be refused, not dropped', async () => {
    const wrong = { ...aMap('strict'), dataa: {} }
    const error = await caught(client.create(configMaps, wrong))
    expect(error).toBeInstanceOf(ApiError)
    expect((error as Error).message).toContain('unknown field "dataa"')
  })

  test('impersonation should carry the user, both groups and the extra', async () => {
    const review = { group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview' } as const
    const reviews: Resource = { ...review, plural: 'selfsubjectreviews', namespaced: false }
    const as = client.impersonate({
      user: 'zoë@acme.com',
      groups: ['one', 'two, three'],
      extra: { 'example.dev/via': ['Web'] },
    })
    const answer = (await as.create(reviews, { metadata: {} } as KubeObject)) as unknown as {
      status: { userInfo: unknown }
    }
    expect(answer.status.userInfo).toMatchObject({
      username: 'zoë@acme.com',
      groups: ['one', 'two, three', 'system:authenticated'],
      extra: { 'example.dev/via': ['Web'] },
    })
  })

  test('a person should have their own rights and nothing of ours', async () => {
    const mallory = clientFor('mallory@acme.com')
    expect(isForbidden(await caught(mallory.list(configMaps, { namespace })))).toBe(true)
    const [someone] = Object.values(cluster().people)
    if (someone?.token !== undefined) {
      expect(isForbidden(await caught(client.withToken(someone.token).list(configMaps, { namespace })))).toBe(
        true,
      )
    }
    expect(isUnauthorized(await caught(client.withToken('nonsense').list(configMaps, { namespace })))).toBe(
      true,
    )
    expect((await client.list(configMaps, { namespace })).resourceVersion).not.toBe('')
  })

  test('lists should be paged, selected, and be had without bodies', async () => {
    await Promise.all(
      Array.from({ length: 7 }, (_, i) => {
        const object = aMap(`page-${i}`, { big: 'x'.repeat(100) })
        object.metadata.labels = { set: 'page' }
        return client.create(configMaps, object)
      }),
    )
    const options = { namespace, labelSelector: 'set=page', limit: 3 }
    const page = await client.list(configMaps, options)
    expect([page.items.length, page.continue === undefined]).toEqual([3, false])
    const all = await client.listAll(configMaps, options)
    expect(all.items.map(item => `${item.kind} ${item.metadata.name}`)).toEqual(
      Array.from({ length: 7 }, (_, i) => `ConfigMap page-${i}`),
    )
    const bare = await client.listMetadata(configMaps, options)
    expect(bare.items.map(item => [item.metadata.labels?.set, 'data' in item])).toEqual(
      Array(7).fill(['page', false]),
    )
    const one = await client.list(configMaps, { namespace, fieldSelector: 'metadata.name=page-3' })
    expect(one.items).toHaveLength(1)
  })

  test('a watch should bring what happens after its version, in order, and end when it is asked to', async () => {
    const { resourceVersion } = await client.list(configMaps, { namespace })
    const created = await client.create(configMaps, aMap('watched'))
    await client.patch(configMaps, ref('watched'), { type: 'merge', body: { data: { a: '1' } } })
    await client.delete(configMaps, ref('watched'))
    const seen: WatchEvent<ConfigMap>[] = []
    const fieldSelector = 'metadata.name=watched'
    for await (const event of client.watch(configMaps, {
      namespace,
      resourceVersion,
      fieldSelector,
      timeoutSeconds: 1,
    })) {
      if (event.type !== 'BOOKMARK') seen.push(event)
    }
    expect(seen.map(event => event.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    expect(seen.map(event => 'object' in event && event.object.metadata.uid)).toEqual(
      Array(3).fill(created.metadata.uid),
    )
  })

  test('versions should be numbers that grow, which the store relies on', async () => {
    const versions: bigint[] = []
    for (let i = 0; i < 5; i++) {
      const object = await client.create(configMaps, aMap(`v-${i}`))
      versions.push(BigInt(object.metadata.resourceVersion!))
    }
    expect(versions).toEqual([...versions].sort((a, b) => (a < b ? -1 : 1)))
  })

  test('a kubeconfig should lead to the same server', async () => {
    const own = createClient(await loadConnection({ kubeconfig: cluster().kubeconfig }))
    const list = await own.list(configMaps, { namespace, limit: 1 })
    expect(list.resourceVersion).not.toBe('')
    expect(await own.raw({ method: 'GET', path: '/readyz' })).toBe('ok')
    await own.close()
    expect(await caught(own.list(configMaps))).toMatchObject({ name: 'ConnectionError' })
  })
})
