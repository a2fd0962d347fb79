import { expect, test } from 'vitest'
import type { Api } from '../api/client.ts'
import type { Approval, StreamEvent } from '../api/types.ts'
import { Feed } from './feed.ts'

const anItem = (name: string, minute = 10, more: Partial<Approval> = {}): Approval =>
  ({
    name,
    uid: `uid-${name}`,
    phase: 'Pending',
    expiresAt: `2026-11-22T10:${String(minute).padStart(2, '0')}:00Z`,
    decisions: [],
    ...more,
  }) as unknown as Approval

/** A gateway that is told what there is, and what to say on its stream. */
function gateway(...items: Approval[]) {
  const there = new Map(items.map(item => [item.name, item]))
  const asked: string[] = []
  const gate = { hold: Promise.resolve() }
  let say: (text: string) => void = () => {}
  const api = {
    now: () => Date.now(),
    open: async () =>
      new Response(
        new ReadableStream({
          start(controller) {
            say = text => controller.enqueue(new TextEncoder().encode(text))
          },
        }),
      ),
    get: async (_: string, query: { names?: string } = {}) => {
      asked.push(query.names ?? 'all')
      const names = query.names?.split(',') ?? [...there.keys()]
      const found = names.flatMap(name => there.get(name) ?? [])
      await gate.hold
      return { items: found }
    },
  } as unknown as Api
  const feed = new Feed(api, 'shop')
  const names = () => feed.snapshot().pending?.map(({ name }) => name)
  return {
    feed,
    there,
    asked,
    gate,
    names,
    begin: async () => {
      const stop = feed.start()
      await expect.poll(names).toBeDefined()
      return stop
    },
    tell: (type: string, name: string, phase = 'Pending') =>
      say(`data: ${JSON.stringify({ type, name, phase })}\n\n`),
  }
}

test('a hundred new requests are read by their names, together, and stand by their deadlines', async () => {
  const { begin, there, tell, asked, names } = gateway(anItem('a', 30))
  const stop = await begin()
  const news = Array.from({ length: 100 }, (_, i) => anItem(`n${String(i).padStart(3, '0')}`, i % 60))
  for (const item of news) {
    there.set(item.name, item)
    tell('ApprovalRequested', item.name)
  }
  await expect.poll(() => names()?.length).toBe(101)
  const sorted = [...there.values()].sort(
    (a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt) || (a.name < b.name ? -1 : 1),
  )
  expect(names()).toEqual(sorted.map(({ name }) => name))
  expect(asked[0]).toBe('all')
  expect(asked.filter(query => query === 'all')).toHaveLength(1)
  expect(asked.length).toBeLessThan(10)
  stop()
})

test('a request that is settled while it is read does not come back', async () => {
  const { begin, there, tell, names, gate, feed } = gateway(anItem('a'))
  const stop = await begin()
  let release = () => {}
  gate.hold = new Promise(done => (release = done))
  there.set('b', anItem('b'))
  tell('ApprovalRequested', 'b')
  await new Promise(done => setTimeout(done, 20))
  there.set('b', anItem('b', 10, { phase: 'Approved' }))
  const { settled } = feed.snapshot()
  tell('ApprovalSettled', 'b', 'Approved')
  await expect.poll(() => feed.snapshot().settled).toBe(settled + 1)
  release()
  // Told after it, so that it was read after it.
  there.set('c', anItem('c'))
  tell('ApprovalRequested', 'c')
  await expect.poll(names).toEqual(['a', 'c'])
  stop()
})

test('a request that the asked replica does not have yet is asked for again', async () => {
  const { begin, there, tell, names } = gateway(anItem('a'))
  const stop = await begin()
  tell('ApprovalRequested', 'late')
  await new Promise(done => setTimeout(done, 50))
  there.set('late', anItem('late', 11))
  await expect.poll(names).toEqual(['a', 'late'])
  stop()
})

test('an answer with fewer decisions is older than what is known', async () => {
  const known = anItem('a', 10, { decisions: [{ reviewer: 'bob', verdict: 'Approve', via: 'Web' }] })
  const { begin, feed } = gateway(known)
  const stop = await begin()
  feed.learn(anItem('a'))
  expect(feed.snapshot().pending?.[0]?.decisions).toHaveLength(1)
  stop()
})

test('every event is heard by whoever listens, until they do not', async () => {
  const { begin, feed, tell } = gateway()
  const stop = await begin()
  const heard: StreamEvent['type'][] = []
  const deaf = feed.onEvent(({ type }) => heard.push(type))
  tell('RunChanged', 'r')
  tell('ApprovalSettled', 'x', 'Expired')
  await expect.poll(() => heard).toEqual(['RunChanged', 'ApprovalSettled'])
  deaf()
  const { changes } = feed.snapshot()
  tell('RunChanged', 'r')
  await expect.poll(() => feed.snapshot().changes).toBeGreaterThan(changes)
  expect(heard).toHaveLength(2)
  stop()
})
