import { afterAll, describe, expect, test } from 'vitest'
import { adminClient, testNamespace } from '../hack/testing.ts'
import { controller } from './controller.ts'
import { Reflector } from './reflector.ts'
import { type Change, Store } from './store.ts'
import { type ConfigMap, configMaps } from './testing.ts'
import { WorkQueue } from './workqueue.ts'

const namespace = await testNamespace('reflector')
const client = adminClient()
const ref = (name: string) => ({ namespace, name })
const aMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { namespace, name },
  data,
})

const stop = new AbortController()
const running: Promise<void>[] = []
afterAll(async () => {
  stop.abort()
  await Promise.all(running)
})

/** A store that follows the ConfigMaps of one label value. */
function follow(set: string, options: { watchSeconds?: readonly [number, number] } = {}) {
  const store = new Store<ConfigMap>()
  const changes: string[] = []
  store.subscribe((change: Change<ConfigMap>) =>
    changes.push(`${change.type} ${change.object.metadata.name} ${change.object.data?.n ?? ''}`),
  )
  const labelSelector = `set=${set}`
  const reflector = new Reflector({
    client,
    resource: configMaps,
    namespace,
    labelSelector,
    sink: store,
    ...options,
  })
  running.push(reflector.run(stop.signal))
  const create = (name: string, n: string) => {
    const object = aMap(name, { n })
    object.metadata.labels = { set }
    return client.create(configMaps, object)
  }
  return { store, changes, reflector, create }
}

describe('against a real API server', () => {
  test('a store should follow what happens, a deletion and new creation under the same name too', async () => {
    const { reflector, changes, create, store } = follow('one')
    await create('a', '1')
    await reflector.synced()
    await expect.poll(() => changes).toEqual(['added a 1'])
    await client.patch(configMaps, ref('a'), { type: 'merge', body: { data: { n: '2' } } })
    await client.delete(configMaps, ref('a'))
    await create('a', '3')
    await expect.poll(() => changes).toEqual(['added a 1', 'updated a 2', 'deleted a 2', 'added a 3'])
    // Out of the selection is as good as gone.
    await client.patch(configMaps, ref('a'), {
      type: 'merge',
      body: { metadata: { labels: { set: 'none' } } },
    })
    await expect.poll(() => changes.at(-1)).toBe('deleted a 3')
    expect(store.size).toBe(0)
  })

  test('nothing should be lost between watches of one second', async () => {
    const { reflector, changes, create } = follow('two', { watchSeconds: [1, 1] })
    await reflector.synced()
    const expected: string[] = []
    for (let i = 0; i < 25; i++) {
      await create(`w${i}`, '1')
      expected.push(`added w${i} 1`)
      // Long enough in all that several watches end on the way.
      await new Promise(resolve => setTimeout(resolve, 120))
    }
    await expect.poll(() => changes).toEqual(expected)
  })

  test('an own write should be seen at once and told once, own deletes too', async () => {
    const { reflector, changes, create, store } = follow('three')
    await reflector.synced()
    const key = `${namespace}/o`
    store.wrote(await create('o', '0'))
    for (let i = 1; i <= 20; i++) {
      const written = await client.patch(configMaps, ref('o'), {
        type: 'merge',
        body: { data: { n: String(i) } },
      })
      store.wrote(written)
      expect(store.get(key)?.data?.n).toBe(String(i))
    }
    const last = store.get(key)!
    await client.delete(configMaps, ref('o'))
    store.deleted(last)
    expect(store.get(key)).toBeUndefined()
    await create('end', '0')
    await expect.poll(() => changes.at(-1)).toBe('added end 0')
    expect(changes).toEqual([
      'added o 0',
      ...Array.from({ length: 20 }, (_, i) => `updated o ${i + 1}`),
      'deleted o 20',
      'added end 0',
    ])
  })

  test('controllers that fight over objects should end with every object as it should be', async () => {
    const { reflector, create, store } = follow('four')
    const goal = 10
    // Two controllers, each of which counts every object up by one, with the version that it has read.
    for (const name of ['left', 'right']) {
      const queue = new WorkQueue()
      store.subscribe(({ key }) => queue.add(key))
      const reconcile = async (key: string) => {
        const object = store.get(key)
        const n = Number(object?.data?.n)
        if (object === undefined || n >= goal) return
        store.wrote(await client.replace(configMaps, { ...object, data: { n: String(n + 1) } }))
      }
      running.push(
        controller({ name, queue, reconcile, concurrency: 4, caches: [reflector] }).run(stop.signal),
      )
    }
    await Promise.all(Array.from({ length: 6 }, (_, i) => create(`f${i}`, '0')))
    await expect
      .poll(() => [...store.values()].map(object => object.data?.n), { timeout: 30_000 })
      .toEqual(Array(6).fill(String(goal)))
  })
})
