import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Page } from '../api/types.ts'
import { Pager } from './pager.ts'

interface Item {
  readonly at: number
  readonly words?: string
}

/** A gateway that lists these, newest first, three a page, and does what it is told to. */
function aList(count: number) {
  const list = {
    items: Array.from({ length: count }, (_, i): Item => ({ at: count - i })),
    reads: 0,
    failing: undefined as Error | undefined,
  }
  const pager = new Pager<Item>({
    compare: (a, b) => b.at - a.at,
    read: async (next): Promise<Page<Item>> => {
      list.reads++
      if (list.failing !== undefined) throw list.failing
      const after = next === undefined ? Number.POSITIVE_INFINITY : Number(next)
      const rest = list.items.filter(({ at }) => at < after)
      const items = rest.slice(0, 3)
      return { items, ...(rest.length > 3 ? { continue: String(items.at(-1)?.at) } : {}) }
    },
  })
  const places = () => pager.snapshot().items?.map(({ at }) => at)
  const settled = () => vi.advanceTimersByTimeAsync(1000)
  return { list, pager, places, settled }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a list is read page by page, to its end', async () => {
  const { pager, places, settled } = aList(8)
  pager.start()
  await settled()
  expect([places(), pager.snapshot().more]).toEqual([[8, 7, 6], true])
  for (const _ of [1, 2, 3]) {
    pager.more()
    await settled()
  }
  expect([places(), pager.snapshot().more]).toEqual([[8, 7, 6, 5, 4, 3, 2, 1], false])
})

test('what is new comes on top, and what was read on stays where it was', async () => {
  const { list, pager, places, settled } = aList(8)
  pager.start()
  await settled()
  pager.more()
  await settled()
  list.items = [{ at: 10 }, { at: 9 }, ...list.items]
  pager.refresh()
  await settled()
  expect(places()).toEqual([10, 9, 8, 7, 6, 5, 4, 3])
  pager.more()
  await settled()
  expect(places()).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

test('what left the list goes, what changed is shown as it is, and nothing is there twice', async () => {
  const { list, pager, settled } = aList(8)
  pager.start()
  await settled()
  pager.more()
  await settled()
  list.items = list.items
    .filter(({ at }) => at !== 7)
    .map(one => (one.at === 6 ? { at: 6, words: 'x' } : one))
  pager.refresh()
  await settled()
  expect(pager.snapshot().items).toEqual([{ at: 8 }, { at: 6, words: 'x' }, { at: 5 }, { at: 4 }, { at: 3 }])
})

test('what is told of an item takes its place, wherever it stands; what is gone goes', async () => {
  const { pager, places, settled } = aList(8)
  pager.start()
  await settled()
  pager.more()
  await settled()
  const before = pager.snapshot()
  pager.replace(item => item)
  expect(pager.snapshot()).toBe(before)
  pager.replace(item => (item.at === 4 ? undefined : item.at === 3 ? { at: 3, words: 'x' } : item))
  expect(places()).toEqual([8, 7, 6, 5, 3])
  expect(pager.snapshot().items?.at(-1)).toEqual({ at: 3, words: 'x' })
})

test('more than a page of new items leaves no gap; far too many give the old place up', async () => {
  const { list, pager, places, settled } = aList(5)
  pager.start()
  await settled()
  const newer = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i): Item => ({ at: to - i }))
  list.items = newer(1, 12)
  pager.refresh()
  await settled()
  expect(places()).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3])
  list.items = newer(1, 100)
  pager.refresh()
  await settled()
  expect(places()).toEqual(newer(86, 100).map(({ at }) => at))
  pager.more()
  await settled()
  expect(places()).toEqual(newer(83, 100).map(({ at }) => at))
})

test('a storm of events is one reading now and then', async () => {
  const { list, pager, settled } = aList(3)
  pager.start()
  await settled()
  for (let i = 0; i < 100; i++) {
    pager.refresh()
    await vi.advanceTimersByTimeAsync(10)
  }
  await settled()
  expect(list.reads).toBeLessThanOrEqual(5)
  expect(list.reads).toBeGreaterThanOrEqual(3)
})

test.each(['First', 'More', 'Again'] as const)(
  'a reading that failed is said, and done again on request: %s',
  async what => {
    const { list, pager, places, settled } = aList(5)
    if (what === 'First') list.failing = new Error('no answer')
    pager.start()
    await settled()
    list.failing = new Error('no answer')
    if (what === 'More') pager.more()
    if (what === 'Again') pager.refresh()
    await settled()
    expect(pager.snapshot()).toMatchObject({ error: { message: 'no answer' }, reading: undefined })
    expect(places()).toEqual(what === 'First' ? undefined : [5, 4, 3])
    list.failing = undefined
    if (what === 'Again') list.items = [{ at: 6 }, ...list.items]
    pager.retry()
    await settled()
    expect(pager.snapshot().error).toBeUndefined()
    expect(places()).toEqual({ First: [5, 4, 3], More: [5, 4, 3, 2, 1], Again: [6, 5, 4, 3] }[what])
  },
)

test('nothing that comes after its end is taken', async () => {
  const { list, pager, places, settled } = aList(5)
  const end = pager.start()
  await settled()
  list.items = [{ at: 6 }, ...list.items]
  pager.refresh()
  end()
  await settled()
  expect(places()).toEqual([5, 4, 3])
})
