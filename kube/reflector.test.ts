import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createClient } from './http-client.ts'
import { Reflector, type ReflectorOptions } from './reflector.ts'
import { type Change, Store } from './store.ts'
import {
  aConfigMap,
  answer,
  type ConfigMap,
  configMaps,
  type ReceivedRequest,
  refuse,
  scriptedServer,
  settled,
  status,
  TestClock,
  watchLine,
} from './testing.ts'
import type { KubeList, WatchEvent } from './types.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** How a scripted server answers the nth list and the nth watch (from 0). */
interface Script {
  list?: (response: ServerResponse, index: number, request: ReceivedRequest) => void
  watch?: (response: ServerResponse, index: number, request: ReceivedRequest) => void
}

const listOf = (version: string, ...items: ConfigMap[]) => ({ metadata: { resourceVersion: version }, items })

/** Answers a watch with these lines and leaves it open. */
function open(response: ServerResponse, ...lines: string[]): void {
  response.writeHead(200)
  response.flushHeaders()
  for (const line of lines) response.write(line)
}

async function reflect(script: Script, options: Partial<ReflectorOptions<ConfigMap>> = {}) {
  const lists: ReceivedRequest[] = []
  const watches: ReceivedRequest[] = []
  const server = await scriptedServer((request, response) => {
    if (request.query.has('watch')) {
      watches.push(request)
      return script.watch ? script.watch(response, watches.length - 1, request) : open(response)
    }
    lists.push(request)
    return script.list
      ? script.list(response, lists.length - 1, request)
      : answer(response, listOf('10', aConfigMap('a', { resourceVersion: '5' })))
  })
  const clock = new TestClock()
  const client = createClient(server.connection, { clock, random: () => 0.5 })
  const store = new Store<ConfigMap>({ clock })
  const changes: string[] = []
  store.subscribe((change: Change<ConfigMap>) =>
    changes.push(`${change.type} ${change.object.metadata.name} ${change.object.metadata.resourceVersion}`),
  )
  const reflector = new Reflector({
    client,
    resource: configMaps,
    sink: store,
    clock,
    random: () => 0.5,
    ...options,
  })
  const stop = new AbortController()
  const running = reflector.run(stop.signal)
  closing.push(async () => {
    stop.abort()
    await running
    await client.close()
    await server.close()
  })
  return { server, clock, store, changes, reflector, lists, watches, stop, running }
}

const names = (store: Store<ConfigMap>) => [...store.keys()].sort()
const bookmark = (resourceVersion: string) => watchLine('BOOKMARK', { metadata: { resourceVersion } })

describe('a reflector', () => {
  test('should list, then watch from there with bookmarks and a random bounded life', async () => {
    const { changes, reflector, watches } = await reflect({
      watch: response =>
        open(
          response,
          watchLine('ADDED', aConfigMap('b', { resourceVersion: '11' })),
          watchLine('MODIFIED', aConfigMap('a', { resourceVersion: '12' })),
          watchLine('DELETED', aConfigMap('b', { resourceVersion: '13' })),
        ),
    })
    expect(reflector.hasSynced).toBe(false)
    await reflector.synced()
    expect(reflector.hasSynced).toBe(true)
    await expect.poll(() => changes).toEqual(['added a 5', 'added b 11', 'updated a 12', 'deleted b 11'])
    expect(Object.fromEntries(watches[0]!.query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '450',
    })
  })

  test('should list nothing for a sink that wants only what happens, and tell it what it may have missed', async () => {
    const told: string[] = []
    const sink = {
      replace: ({ items, resourceVersion }: KubeList<ConfigMap>) =>
        void told.push(`${items.length} objects at ${resourceVersion}`),
      apply: (event: WatchEvent<ConfigMap>) => void told.push(event.type),
    }
    const { lists, watches } = await reflect(
      {
        watch: (response, index) => {
          if (index === 1) return refuse(response, 410, 'Expired')
          open(response, watchLine('ADDED', aConfigMap('b', { resourceVersion: '11' })))
          if (index === 0) response.end()
        },
      },
      { onlyEvents: true, sink },
    )
    await expect.poll(() => told).toEqual(['0 objects at 10', 'ADDED', '0 objects at 10', 'ADDED'])
    expect(lists.map(({ query }) => query.get('limit'))).toEqual(['1', '1'])
    expect(watches[0]?.query.get('resourceVersion')).toBe('10')
  })

  test('should read a large list page by page', async () => {
    const { lists, store, reflector } = await reflect(
      {
        list: (response, index) =>
          answer(response, {
            metadata: { resourceVersion: '10', ...(index < 2 && { continue: `page-${index + 1}` }) },
            items: [aConfigMap(`p${index}`)],
          }),
      },
      { pageSize: 1 },
    )
    await reflector.synced()
    expect(names(store)).toEqual(['default/p0', 'default/p1', 'default/p2'])
    expect(lists.map(request => request.query.get('continue'))).toEqual([null, 'page-1', 'page-2'])
  })

  test('should go on from the last event when the server ends the watch, without a list', async () => {
    const { clock, lists, watches } = await reflect({
      watch: (response, index) => {
        if (index > 0) return open(response)
        response.end(watchLine('ADDED', aConfigMap('b', { resourceVersion: '11' })))
      },
    })
    await expect.poll(() => watches.length).toBe(2)
    expect(watches[1]!.query.get('resourceVersion')).toBe('11')
    expect(lists).toHaveLength(1)
    expect(clock.now()).toBe(new TestClock().now())
  })

  test('should go on from the last bookmark', async () => {
    const { watches } = await reflect({
      watch: (response, index) => (index > 0 ? open(response) : void response.end(bookmark('99'))),
    })
    await expect.poll(() => watches.length).toBe(2)
    expect(watches[1]!.query.get('resourceVersion')).toBe('99')
  })

  test.each([
    ['as an answer', (response: ServerResponse) => refuse(response, 410, 'Expired')],
    [
      'as an event',
      (response: ServerResponse) => void response.end(watchLine('ERROR', status(410, 'Expired'))),
    ],
  ])('should list again after a 410 %s, and tell of what is gone', async (_, expire) => {
    const { changes, store, watches } = await reflect({
      list: (response, index) =>
        index === 0
          ? answer(response, listOf('10', aConfigMap('a'), aConfigMap('b')))
          : answer(response, listOf('50', aConfigMap('b', { resourceVersion: '40' }), aConfigMap('c'))),
      watch: (response, index) => (index === 0 ? expire(response) : open(response)),
    })
    await expect.poll(() => watches.length).toBe(2)
    expect(watches[1]!.query.get('resourceVersion')).toBe('50')
    expect(names(store)).toEqual(['default/b', 'default/c'])
    expect(changes.slice(2).sort()).toEqual(['added c 1', 'deleted a 1', 'updated b 40'])
  })

  test('should not list in a circle when every watch is 410', async () => {
    const { clock, lists } = await reflect({ watch: response => refuse(response, 410, 'Expired') })
    // The second is at once; then there is a wait.
    await expect.poll(() => [lists.length, clock.pending()]).toEqual([2, [1200]])
    await clock.advance(1200)
    await expect.poll(() => lists.length).toBe(3)
  })

  test('should begin a list anew when its page token expires', async () => {
    const { store, reflector } = await reflect({
      list: (response, index) => {
        if (index === 1) return refuse(response, 410, 'Expired')
        const more = index === 0 ? { continue: 't' } : {}
        answer(response, { metadata: { resourceVersion: '10', ...more }, items: [aConfigMap(`p${index}`)] })
      },
    })
    await reflector.synced()
    expect(names(store)).toEqual(['default/p2'])
  })

  test.each([
    ['500', (response: ServerResponse) => refuse(response, 500, 'InternalError')],
    ['403', (response: ServerResponse) => refuse(response, 403, 'Forbidden')],
    ['404', (response: ServerResponse) => refuse(response, 404, 'NotFound')],
    ['401', (response: ServerResponse) => refuse(response, 401, 'Unauthorized')],
    ['a page of a proxy', (response: ServerResponse) => void response.writeHead(200).end('<html>')],
    ['a broken connection', (response: ServerResponse) => void response.socket?.destroy()],
  ])('should never give up on a list that is answered by %s, and wait longer each time', async (_, fail) => {
    let well = false
    const { clock, reflector } = await reflect({
      list: response => (well ? answer(response, listOf('10')) : fail(response)),
    })
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      await expect.poll(() => clock.pending().length).toBe(1)
      waits.push(clock.pending()[0]!)
      if (i === 7) well = true
      await clock.advance(waits[i]!)
    }
    // Three quarters of 0.8 s doubled up to 30 s: the random part is in the middle.
    expect(waits).toEqual([600, 1200, 2400, 4800, 9600, 19_200, 22_500, 22_500])
    await reflector.synced()
  })

  test('should wait as long as a 429 says', async () => {
    const { clock, reflector, lists } = await reflect({
      list: (response, index) =>
        index === 0
          ? refuse(response, 429, 'TooManyRequests', { 'retry-after': '40' })
          : answer(response, listOf('10')),
    })
    await expect.poll(() => clock.pending()).toEqual([40_000])
    expect(lists).toHaveLength(1)
    await clock.advance(40_000)
    await reflector.synced()
  })

  test('should resume a watch that was cut in the middle of a line, after the event before it', async () => {
    const { clock, changes, lists, watches } = await reflect({
      watch: (response, index) => {
        if (index > 0)
          return open(response, watchLine('MODIFIED', aConfigMap('b', { resourceVersion: '12' })))
        const half = watchLine('MODIFIED', aConfigMap('b', { resourceVersion: '12' })).slice(0, 40)
        open(response, watchLine('ADDED', aConfigMap('b', { resourceVersion: '11' })), half)
        setImmediate(() => response.destroy())
      },
    })
    await expect.poll(() => clock.pending()).toEqual([600])
    await clock.advance(600)
    await expect.poll(() => changes).toEqual(['added a 5', 'added b 11', 'updated b 12'])
    expect(watches[1]!.query.get('resourceVersion')).toBe('11')
    expect(lists).toHaveLength(1)
  })

  test('should kill a watch that is silent, but not one that brings bookmarks', async () => {
    let first: ServerResponse | undefined
    const { clock, watches } = await reflect({
      watch: (response, index) => {
        if (index === 0) first = response
        open(response)
      },
    })
    await expect.poll(() => first !== undefined && clock.pending()).toEqual([90_000])
    await clock.advance(60_000)
    first!.write(bookmark('20'))
    // Its arrival can be seen in nothing but the silence that begins anew: give it real time.
    await new Promise(resolve => setTimeout(resolve, 50))
    await clock.advance(60_000)
    expect(watches).toHaveLength(1)
    await clock.advance(30_000)
    await expect.poll(() => clock.pending()).toEqual([600])
    await clock.advance(600)
    await expect.poll(() => watches.length).toBe(2)
    expect(watches[1]!.query.get('resourceVersion')).toBe('20')
  })

  test('should wait before it watches again when the server ends each watch at once', async () => {
    const { clock, watches } = await reflect({ watch: response => void response.writeHead(200).end() })
    await expect.poll(() => clock.pending()).toEqual([600])
    await clock.advance(600)
    await expect.poll(() => clock.pending()).toEqual([1200])
    expect(watches).toHaveLength(2)
  })

  test('should list when the server refuses to resume three times (its data was restored)', async () => {
    const { clock, lists } = await reflect({ watch: response => refuse(response, 504, 'Timeout') })
    for (const wait of [600, 1200, 2400]) {
      await expect.poll(() => clock.pending()).toEqual([wait])
      expect(lists).toHaveLength(1)
      await clock.advance(wait)
    }
    await expect.poll(() => lists.length).toBe(2)
  })

  test('should begin with short waits again once a watch has brought something', async () => {
    const { clock } = await reflect({
      watch: (response, index) => {
        if (index === 2) return void response.end(bookmark('20'))
        refuse(response, 503, 'ServiceUnavailable')
      },
    })
    for (const wait of [600, 1200, 600]) {
      await expect.poll(() => clock.pending()).toEqual([wait])
      await clock.advance(wait)
    }
  })

  test('should see an object that was deleted and created again while it looked away as another', async () => {
    const { changes, watches } = await reflect({
      list: (response, index) =>
        answer(
          response,
          index === 0
            ? listOf('10', aConfigMap('a', { uid: 'first', resourceVersion: '5' }))
            : listOf('50', aConfigMap('a', { uid: 'second', resourceVersion: '45' })),
        ),
      watch: (response, index) => (index === 0 ? refuse(response, 410, 'Expired') : open(response)),
    })
    await expect.poll(() => watches.length).toBe(2)
    expect(changes).toEqual(['added a 5', 'deleted a 5', 'added a 45'])
  })

  test('should pass over events that are repeated, a deletion of before among them', async () => {
    const { changes } = await reflect({
      list: response => answer(response, listOf('10', aConfigMap('a', { resourceVersion: '9' }))),
      watch: response =>
        open(
          response,
          watchLine('DELETED', aConfigMap('a', { resourceVersion: '7' })),
          watchLine('ADDED', aConfigMap('gone', { resourceVersion: '3' })),
          watchLine('MODIFIED', aConfigMap('a', { resourceVersion: '8' })),
          watchLine('MODIFIED', aConfigMap('a', { resourceVersion: '11' })),
          watchLine('MODIFIED', aConfigMap('a', { resourceVersion: '11' })),
          watchLine('ADDED', aConfigMap('end', { resourceVersion: '12' })),
        ),
    })
    await expect.poll(() => changes.at(-1)).toBe('added end 12')
    expect(changes).toEqual(['added a 9', 'updated a 11', 'added end 12'])
  })

  test('should list again when its sink throws: what that holds cannot be trusted', async () => {
    let [throws, filled] = [true, 0]
    const { clock, lists } = await reflect(
      { watch: response => open(response, watchLine('ADDED', aConfigMap('b', { resourceVersion: '11' }))) },
      {
        sink: {
          replace: () => filled++,
          apply: () => {
            if (throws) throw new Error('broken sink')
          },
        },
      },
    )
    await expect.poll(() => clock.pending()).toEqual([600])
    throws = false
    await clock.advance(600)
    await expect.poll(() => lists.length).toBe(2)
    expect(filled).toBe(2)
  })

  test('should stop at once wherever it is', async () => {
    for (const script of [
      { list: () => {} },
      { list: (response: ServerResponse) => refuse(response, 500, 'InternalError') },
      { watch: (response: ServerResponse) => open(response) },
    ]) {
      const { stop, running, server, clock } = await reflect(script)
      await expect.poll(() => server.requests.length).toBeGreaterThan(0)
      await settled()
      stop.abort()
      await running
      await settled()
      expect(clock.pending()).toEqual([])
    }
  })
})

describe('how far behind it may be', () => {
  test('should be told: for ever before the first list, not at all while a watch is open, else since it ended', async () => {
    let refusing = true
    const { clock, reflector, server, watches } = await reflect({
      list: response => {
        if (refusing) refuse(response, 503, 'ServiceUnavailable')
        else answer(response, listOf('10'))
      },
      watch: response => (refusing ? refuse(response, 503, 'ServiceUnavailable') : open(response)),
    })
    await expect.poll(() => clock.pending().length).toBe(1)
    expect(reflector.lagMs).toBe(Number.POSITIVE_INFINITY)
    refusing = false
    await clock.advance(30_000)
    await reflector.synced()
    await expect.poll(() => reflector.lagMs).toBe(0)
    await clock.advance(60_000)
    expect(reflector.lagMs).toBe(0)

    refusing = true
    const opened = watches.length
    server.cut()
    await expect
      .poll(async () => {
        await clock.advance(1000)
        return watches.length
      })
      .toBeGreaterThan(opened + 1)
    const lag = reflector.lagMs
    expect(lag).toBeGreaterThan(0)
    await clock.advance(1)
    expect(reflector.lagMs).toBe(lag + 1)
    refusing = false
    await clock.advance(30_000)
    await expect.poll(() => reflector.lagMs).toBe(0)
  })

  test.each([
    ['ends at once', (response: ServerResponse) => void response.end()],
    [
      'says at once that its version is gone, where no list is given either',
      (response: ServerResponse) => void response.end(watchLine('ERROR', status(410, 'Expired'))),
    ],
  ])('should not be forgotten for a watch that opens and %s: it brought nothing', async (_, end) => {
    let tries = 0
    let broken = false
    const { clock, reflector, server } = await reflect({
      list: response =>
        broken ? refuse(response, 503, 'ServiceUnavailable') : answer(response, listOf('10')),
      watch: response => {
        if (broken && ++tries <= 4) return void response.destroy()
        open(response)
        if (broken) end(response)
      },
    })
    await expect.poll(() => reflector.lagMs).toBe(0)
    broken = true
    server.cut()
    const cutAt = clock.now()
    await expect
      .poll(async () => {
        await clock.advance(500)
        return tries > 4 && clock.now() - cutAt > 30_000
      })
      .toBe(true)
    // One that is open at this moment has brought nothing yet.
    await expect.poll(() => reflector.lagMs).toBeGreaterThan(29_000)
  })
})
