import { beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../../kube/client.ts'
import { silentLogger } from '../../kube/logger.ts'
import { aConfigMap, type ConfigMap, configMaps, settled, TestClock } from '../../kube/testing.ts'
import { CachedKind } from './cache/kind.ts'
import { type WaitOptions, waitUntil } from './waiting.ts'

const first = aConfigMap('a', { resourceVersion: '1' })
const doneAt = (resourceVersion: string, uid = 'uid-of-a') =>
  aConfigMap('a', { resourceVersion, uid, data: { done: 'yes' } })

let clock: TestClock
let kind: CachedKind<ConfigMap>

beforeEach(() => {
  clock = new TestClock()
  // Never run: the test says what the watch brings.
  const options = { client: {} as Client, clock, random: () => 0, logger: silentLogger }
  kind = new CachedKind<ConfigMap>({ ...options, resource: configMaps })
  kind.store.replace({ items: [first], resourceVersion: '1' })
})

const wait = (options: Partial<WaitOptions<ConfigMap>> = {}) =>
  waitUntil(kind, first, {
    clock,
    ms: 5000,
    signals: [],
    done: ({ data }) => data?.done === 'yes',
    ...options,
  })

/** What has become of a promise by now. */
async function soFar<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  await settled()
  return await Promise.race([promise, Promise.resolve('waiting' as const)])
}

describe('waiting for an object of the cache', () => {
  test('should end with the change that was waited for, and with no other', async () => {
    const waiting = wait()
    kind.store.apply({ type: 'MODIFIED', object: aConfigMap('a', { resourceVersion: '2' }) })
    kind.store.apply({
      type: 'ADDED',
      object: { ...aConfigMap('b', { resourceVersion: '3' }), data: { done: 'yes' } },
    })
    expect(await soFar(waiting)).toBe('waiting')
    kind.store.apply({ type: 'MODIFIED', object: doneAt('4') })
    expect((await waiting).metadata.resourceVersion).toBe('4')
    expect(clock.pending()).toEqual([])
  })

  test('should see what happened between the read and the wait', async () => {
    kind.store.apply({ type: 'MODIFIED', object: doneAt('2') })
    expect((await wait()).metadata.resourceVersion).toBe('2')
  })

  test('should see a write of ours at once', async () => {
    const waiting = wait()
    kind.store.wrote(doneAt('2'))
    expect((await waiting).metadata.resourceVersion).toBe('2')
  })

  test('should end with what is true when its time is over', async () => {
    const waiting = wait()
    kind.store.apply({ type: 'MODIFIED', object: aConfigMap('a', { resourceVersion: '2' }) })
    await clock.advance(4999)
    expect(await soFar(waiting)).toBe('waiting')
    await clock.advance(1)
    expect((await waiting).metadata.resourceVersion).toBe('2')
  })

  test('should tell of a deletion, also where the name stands for another object now', async () => {
    const waiting = wait()
    kind.store.apply({ type: 'DELETED', object: aConfigMap('a', { resourceVersion: '2' }) })
    await expect(waiting).rejects.toMatchObject({ code: 'NotFound' })
    kind.store.apply({ type: 'ADDED', object: doneAt('3', 'another') })
    await expect(wait()).rejects.toMatchObject({ code: 'NotFound' })
  })

  test('should end with its signals, those that were given before it began too', async () => {
    const stop = new AbortController()
    const waiting = wait({ signals: [stop.signal] })
    stop.abort()
    expect(await waiting).toEqual(first)
    expect(await wait({ signals: [AbortSignal.abort()] })).toEqual(first)
    expect(clock.pending()).toEqual([])
  })

  test('should end as soon as the right is lost, and stop watching over it whenever it ends', async () => {
    const ended: string[] = []
    let lose: (error: unknown) => void = () => {}
    const guard = (lost: (error: unknown) => void) => {
      lose = lost
      return () => void ended.push('guard')
    }
    const waiting = wait({ guard })
    lose(new Error('no right'))
    await expect(waiting).rejects.toThrow('no right')
    const other = wait({ guard })
    kind.store.wrote(doneAt('2'))
    await other
    expect(ended).toEqual(['guard', 'guard'])
  })
})
