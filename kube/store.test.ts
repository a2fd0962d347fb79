import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Change, Store, type StoreOptions, withoutManagedFields } from './store.ts'
import { aConfigMap, type ConfigMap, TestClock } from './testing.ts'

const modes = ['comparable', 'opaque'] as const

function aStore(options: StoreOptions<ConfigMap> = {}) {
  const clock = new TestClock()
  const store = new Store<ConfigMap>({ clock, ...options })
  const changes: string[] = []
  store.subscribe((change: Change<ConfigMap>) =>
    changes.push(`${change.type} ${change.object.metadata.resourceVersion}`),
  )
  const at = (version: number, more: Parameters<typeof aConfigMap>[1] = {}) =>
    aConfigMap('a', { resourceVersion: String(version), ...more })
  const version = () => {
    const held = store.get('default/a')?.metadata.resourceVersion
    return held === undefined ? undefined : Number(held)
  }
  return { clock, store, changes, at, version }
}

describe('a store', () => {
  test('should find objects by key, by reference and by index', () => {
    const { store } = aStore({
      indexes: { owner: object => (object.data?.owner ?? '').split(',').filter(Boolean) },
    })
    store.replace({
      resourceVersion: '9',
      items: [
        aConfigMap('a', { data: { owner: 'x,y' } }),
        aConfigMap('b', { data: { owner: 'x' } }),
        aConfigMap('c'),
      ],
    })
    const found = (value: string) =>
      store
        .byIndex('owner', value)
        .map(object => object.metadata.name)
        .sort()
    expect([found('x'), found('y'), found('z')]).toEqual([['a', 'b'], ['a'], []])
    store.apply({
      type: 'MODIFIED',
      object: aConfigMap('a', { resourceVersion: '10', data: { owner: 'z' } }),
    })
    expect([found('x'), found('y'), found('z')]).toEqual([['b'], [], ['a']])
    store.wrote(aConfigMap('b', { resourceVersion: '11', data: { owner: 'y' } }))
    expect([found('x'), found('y')]).toEqual([[], ['b']])
    store.deleted(aConfigMap('a'))
    expect(found('z')).toEqual([])
    expect(store.find({ namespace: 'default', name: 'c' })).toBeDefined()
    expect(() => store.byIndex('colour', 'x')).toThrow('"colour"')
  })

  test('should hold objects that nobody can change', () => {
    const { store, at } = aStore()
    store.replace({ resourceVersion: '9', items: [at(1, { data: { k: 'v' } })] })
    const held = store.get('default/a')!
    expect(() => {
      held.data!.k = 'w'
    }).toThrow(TypeError)
  })

  test('should keep what its transform makes of an object', () => {
    const { store, at } = aStore({ transform: withoutManagedFields })
    const object = at(1)
    object.metadata.managedFields = [{ manager: 'm' }]
    store.apply({ type: 'ADDED', object })
    expect(store.get('default/a')!.metadata).toEqual({
      name: 'a',
      namespace: 'default',
      resourceVersion: '1',
      uid: 'uid-of-a',
    })
    expect(object.metadata.managedFields).toHaveLength(1)
  })

  test('should tell a late subscriber of all there is, and nobody after they left', () => {
    const { store, at } = aStore()
    store.replace({ resourceVersion: '9', items: [at(1)] })
    const seen: string[] = []
    const leave = store.subscribe(change => seen.push(change.type))
    leave()
    store.apply({ type: 'MODIFIED', object: at(10) })
    expect(seen).toEqual(['added'])
  })

  test('should go on when a subscriber throws', () => {
    const { store, changes, at } = aStore()
    store.subscribe(() => {
      throw new Error('bad listener')
    })
    const seen: string[] = []
    store.subscribe(change => seen.push(change.type))
    store.apply({ type: 'ADDED', object: at(1) })
    expect([changes, seen]).toEqual([['added 1'], ['added']])
  })
})

describe.each(modes)('own writes, with %s versions,', versions => {
  const synced = () => {
    const all = aStore({ versions })
    all.store.replace({ resourceVersion: '10', items: [all.at(10)] })
    all.changes.length = 0
    return all
  }

  test('should be seen at once, and not be rolled back by an older event', () => {
    const { store, changes, at, version } = synced()
    store.wrote(at(13))
    expect(version()).toBe(13)
    store.apply({ type: 'MODIFIED', object: at(12) })
    expect(version()).toBe(13)
    store.apply({ type: 'MODIFIED', object: at(13) })
    expect(changes).toEqual(['updated 13'])
  })

  test('should give way to what others do afterwards', () => {
    const { store, at, version } = synced()
    store.wrote(at(13))
    store.apply({ type: 'MODIFIED', object: at(13) })
    store.apply({ type: 'MODIFIED', object: at(14) })
    expect(version()).toBe(14)
  })

  test('should not come back when their event overtook their answer', () => {
    const { store, at, version } = synced()
    store.apply({ type: 'MODIFIED', object: at(13) })
    store.apply({ type: 'MODIFIED', object: at(14) })
    store.wrote(at(13))
    expect(version()).toBe(14)
  })

  test('should not bring back what was deleted before their answer came', () => {
    const { store, at, version } = synced()
    store.apply({ type: 'MODIFIED', object: at(13) })
    store.apply({ type: 'DELETED', object: at(14) })
    store.wrote(at(13))
    expect(version()).toBeUndefined()
  })

  test('should end with the deletion of the object', () => {
    const { store, at, version } = synced()
    store.wrote(at(13))
    store.apply({ type: 'DELETED', object: at(14) })
    expect(version()).toBeUndefined()
  })

  test('that change nothing (the server answers the version there is) should leave nothing behind', () => {
    const { store, at, version } = synced()
    store.wrote(at(10))
    store.apply({ type: 'MODIFIED', object: at(11) })
    expect(version()).toBe(11)
  })

  test('should give way to a list that is newer', () => {
    const { store, at, version } = synced()
    store.wrote(at(13))
    store.replace({ resourceVersion: '20', items: [at(18)] })
    expect(version()).toBe(18)
    store.wrote(at(23))
    store.replace({ resourceVersion: '30', items: [] })
    expect(version()).toBeUndefined()
  })

  test('should show a created object before its event', () => {
    const { store, changes } = aStore({ versions })
    store.replace({ resourceVersion: '10', items: [] })
    store.wrote(aConfigMap('a', { resourceVersion: '11' }))
    store.apply({ type: 'ADDED', object: aConfigMap('a', { resourceVersion: '11' }) })
    expect(changes).toEqual(['added 11'])
  })

  describe('deletes', () => {
    test('should be seen at once, not undone by an older event, and end with theirs', () => {
      const { store, changes, at, version } = synced()
      store.deleted(at(10))
      expect(version()).toBeUndefined()
      store.apply({ type: 'MODIFIED', object: at(11) })
      expect(version()).toBeUndefined()
      store.apply({ type: 'DELETED', object: at(12) })
      store.apply({ type: 'ADDED', object: at(13, { uid: 'another' }) })
      expect(changes).toEqual(['deleted 10', 'added 13'])
    })

    test('should not hide one that was created under the name since', () => {
      const { store, at, version } = synced()
      store.apply({ type: 'DELETED', object: at(11) })
      store.apply({ type: 'ADDED', object: at(12, { uid: 'another' }) })
      store.deleted(at(10))
      expect(version()).toBe(12)
    })

    test('should not hide an object that finalizers hold', () => {
      const { store, at, version } = synced()
      const held = at(10)
      held.metadata.finalizers = ['example.dev/hold']
      store.deleted(held)
      expect(version()).toBe(10)
    })

    test('should show the object again when the watch says that something holds it', () => {
      const { store, at, version } = synced()
      store.deleted(at(10))
      const held = at(12)
      held.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
      store.apply({ type: 'MODIFIED', object: held })
      expect(version()).toBe(12)
    })

    test('should be given up after a while when the watch knows nothing of it', async () => {
      const { clock, store, at, version } = synced()
      store.deleted(at(10))
      await clock.advance(30_000)
      expect(version()).toBe(10)
    })
  })
})

describe('own writes', () => {
  test('with comparable versions should end when the watch has passed them by any object or bookmark', () => {
    for (const past of [
      { type: 'BOOKMARK', resourceVersion: '13' } as const,
      { type: 'ADDED', object: aConfigMap('b', { resourceVersion: '14' }) } as const,
    ]) {
      const { store, at, version } = aStore()
      store.replace({ resourceVersion: '10', items: [at(9)] })
      store.wrote(at(13))
      store.apply({ type: 'BOOKMARK', resourceVersion: '12' })
      expect(version()).toBe(13)
      store.apply(past)
      expect(version()).toBe(9)
    }
  })

  test('with comparable versions should outlive a list that began before them', () => {
    const { store, at, version } = aStore()
    store.replace({ resourceVersion: '10', items: [at(10)] })
    store.wrote(at(13))
    store.replace({ resourceVersion: '12', items: [at(11)] })
    expect(version()).toBe(13)
  })

  test('should end when the server’s data was restored to before', () => {
    const { store, at, version } = aStore()
    store.replace({ resourceVersion: '100', items: [at(90)] })
    store.wrote(at(113))
    store.replace({ resourceVersion: '50', items: [at(40)] })
    expect(version()).toBe(40)
    store.apply({ type: 'MODIFIED', object: at(51) })
    expect(version()).toBe(51)
  })

  test('with opaque versions should be given up after a while, as a list may have swallowed their event', async () => {
    const { clock, store, at, version } = aStore({ versions: 'opaque' })
    store.replace({ resourceVersion: 'l1', items: [at(15)] })
    store.wrote(at(13))
    expect(version()).toBe(13)
    await clock.advance(30_000)
    expect(version()).toBe(15)
    expect(clock.pending()).toEqual([])
  })

  test('should be treated as opaque where a version is no number', () => {
    const { store } = aStore()
    const at = (resourceVersion: string) => aConfigMap('a', { resourceVersion })
    store.replace({ resourceVersion: 'x', items: [at('a-1')] })
    store.wrote(at('a-3'))
    store.apply({ type: 'MODIFIED', object: at('a-2') })
    expect(store.get('default/a')!.metadata.resourceVersion).toBe('a-3')
    store.apply({ type: 'MODIFIED', object: at('a-3') })
    store.apply({ type: 'MODIFIED', object: at('a-4') })
    expect(store.get('default/a')!.metadata.resourceVersion).toBe('a-4')
  })
})

/**
 * A model of the server: a log of versions over two objects. The watch delivers it in order, some answers of our own
 * writes arrive at any later moment, and lists of the state as of some version come in between.
 */
interface Step {
  readonly do: 'write' | 'other' | 'delete' | 'deliver' | 'answer' | 'list' | 'bookmark'
  readonly name: 'a' | 'b'
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('write', 'other', 'delete', 'deliver', 'deliver', 'answer', 'list', 'bookmark'),
  name: fc.constantFrom('a', 'b'),
})

describe.each(modes)('for any order of writes, answers, events and lists, with %s versions,', versions => {
  test('nothing is seen twice or rolled back, and in the end all that is true is seen', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async steps => {
        const clock = new TestClock()
        const store = new Store<ConfigMap>({ versions, clock })
        let version = 100
        const server = new Map<string, ConfigMap>()
        const log: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: ConfigMap }[] = []
        const answers: ConfigMap[] = []
        let delivered = 0
        /** Of each object, the newest version that a subscriber was told of. */
        const seen = new Map<string, number>()
        const rolledBack: string[] = []
        store.subscribe(({ type, key, object }) => {
          const now = Number(object.metadata.resourceVersion)
          if (type === 'deleted') return
          // A list may show what was before a write in opaque mode; the order is promised for comparable ones.
          // (What a listener throws, the store swallows: collect it.)
          if (versions === 'comparable' && now <= (seen.get(key) ?? 0)) rolledBack.push(`${key} ${now}`)
          seen.set(key, now)
        })
        const put = (name: string): ConfigMap => {
          const uid = server.get(name)?.metadata.uid ?? `uid-${++version}`
          const object = aConfigMap(name, { uid, resourceVersion: String(++version) })
          log.push({ type: server.has(name) ? 'MODIFIED' : 'ADDED', object })
          server.set(name, object)
          return object
        }
        const list = () => {
          store.replace({ resourceVersion: String(version), items: structuredClone([...server.values()]) })
          delivered = log.length
        }
        const deliver = () => {
          const event = log[delivered]
          if (event === undefined) return
          delivered++
          store.apply(structuredClone(event))
        }
        list()
        for (const { do: what, name } of steps) {
          if (what === 'write') answers.push(structuredClone(put(name)))
          else if (what === 'other') put(name)
          else if (what === 'delete') {
            const gone = server.get(name)
            if (gone === undefined) continue
            server.delete(name)
            log.push({
              type: 'DELETED',
              object: { ...gone, metadata: { ...gone.metadata, resourceVersion: String(++version) } },
            })
          } else if (what === 'deliver') deliver()
          else if (what === 'answer') {
            // Answers of writes at once may arrive in any order.
            const answered = name === 'a' ? answers.shift() : answers.pop()
            if (answered === undefined) continue
            const key = `default/${answered.metadata.name}`
            const written = Number(answered.metadata.resourceVersion)
            store.wrote(answered)
            if (versions === 'comparable') {
              // What we know we wrote is seen, unless it is known to be gone or changed since.
              const now = Number(store.get(key)?.metadata.resourceVersion ?? Number.POSITIVE_INFINITY)
              expect(now).toBeGreaterThanOrEqual(written)
            }
          } else if (what === 'list') list()
          else if (delivered === log.length)
            store.apply({ type: 'BOOKMARK', resourceVersion: String(version) })
        }
        for (const answered of answers.splice(0)) store.wrote(answered)
        while (delivered < log.length) deliver()
        if (versions === 'opaque') await clock.advance(30_000)
        const truth = Object.fromEntries(
          [...server.values()].map(object => [
            `default/${object.metadata.name}`,
            object.metadata.resourceVersion,
          ]),
        )
        const held = Object.fromEntries(
          [...store.keys()].map(key => [key, store.get(key)?.metadata.resourceVersion]),
        )
        expect(held).toEqual(truth)
        expect(rolledBack).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
