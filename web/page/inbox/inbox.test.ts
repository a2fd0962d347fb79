import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Api } from '../api/client.ts'
import type { InboxItem, StreamEvent } from '../api/types.ts'
import type { Feed } from '../live/feed.ts'
import { BellFeed } from './inbox.ts'

const noon = Date.parse('2026-11-22T12:00:00Z')
const at = (seconds: number) => new Date(noon + seconds * 1000).toISOString()

const item = (name: string, seconds: number, more: Partial<InboxItem> = {}): InboxItem =>
  ({
    id: name,
    type: 'ApprovalRequested',
    at: at(seconds),
    unread: true,
    approval: { name, phase: 'Pending' },
    ...more,
  }) as InboxItem

/** A gateway that is asked by hand, and a bell on it. */
function hung() {
  const gateway = {
    items: [] as InboxItem[],
    /** No mark goes beyond it. */
    over: Number.POSITIVE_INFINITY,
    seen: undefined as number | undefined,
    failing: undefined as string | undefined,
    reads: 0,
    posts: [] as string[],
  }
  const standing = () => {
    const unread = gateway.items.filter(({ at: time }) => Date.parse(time) > (gateway.seen ?? 0)).length
    const seenUntil = gateway.seen === undefined ? {} : { seenUntil: new Date(gateway.seen).toISOString() }
    return { unread, waiting: unread, kept: true, ...seenUntil }
  }
  const api = {
    now: () => noon,
    get: async () => {
      gateway.reads++
      if (gateway.failing !== undefined) throw new Error(gateway.failing)
      return { items: gateway.items, ...standing() }
    },
    post: async (_path: string, { until }: { until: string }) => {
      gateway.posts.push(until)
      if (gateway.failing !== undefined) throw new Error(gateway.failing)
      gateway.seen = Math.min(gateway.over, Date.parse(until))
      return standing()
    },
  } as unknown as Api
  let heard: (event: StreamEvent) => void = () => {}
  let drawn = () => {}
  const connection = { state: 'Live' }
  const feed = {
    project: 'shop',
    snapshot: () => ({ connection: { ...connection } }),
    onEvent: (listener: typeof heard) => {
      heard = listener
      return () => {}
    },
    subscribe: (listener: () => void) => {
      drawn = listener
      return () => {}
    },
  } as unknown as Feed
  const arrivals: string[][] = []
  const bell = new BellFeed(api, feed, items => arrivals.push(items.map(({ id }) => id)))
  return {
    gateway,
    bell,
    arrivals,
    event: (type: string) => heard({ type } as StreamEvent),
    connect: (state: string) => {
      connection.state = state
      drawn()
    },
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a bell', () => {
  it('is read at once, and again at what concerns it, but not for each of a thousand events', async () => {
    const { gateway, bell, event } = hung()
    const end = bell.start()
    await pass(0)
    expect(gateway.reads).toBe(1)
    await pass(1000)
    event('RunChanged')
    event('AuditAppended')
    await pass(1000)
    expect(gateway.reads).toBe(1)
    for (let i = 0; i < 1000; i++) {
      event('ApprovalRequested')
      await pass(1)
    }
    await pass(1000)
    expect(gateway.reads).toBeGreaterThanOrEqual(3)
    expect(gateway.reads).toBeLessThanOrEqual(5)
    event('InboxSeen')
    await pass(0)
    end()
    event('ApprovalRequested')
    await pass(5000)
    expect(gateway.reads).toBeLessThanOrEqual(6)
  })

  it('is read again when the connection is back', async () => {
    const { gateway, bell, connect } = hung()
    bell.start()
    await pass(1000)
    connect('Lost')
    await pass(1000)
    expect(gateway.reads).toBe(1)
    connect('Live')
    await pass(0)
    expect(gateway.reads).toBe(2)
  })

  it('tells of each request that came in since it was hung, once, and of no other', async () => {
    const { gateway, bell, arrivals, event } = hung()
    gateway.items = [item('old', -10)]
    bell.start()
    await pass(1000)
    gateway.items = [
      item('new', 1),
      item('verdict', 1, { type: 'RunVerdict' }),
      item('seen', 1, { unread: false }),
      item('decided', 1, { approval: { phase: 'Approved' } as InboxItem['approval'] }),
      item('of-yesterday', -86_400),
      ...gateway.items,
    ]
    event('ApprovalRequested')
    await pass(1000)
    event('ApprovalSettled')
    await pass(1000)
    expect(arrivals).toEqual([['new']])
  })

  it('says what was seen again until the second is over in which it came', async () => {
    const { gateway, bell } = hung()
    gateway.items = [item('a', 0)]
    gateway.over = noon - 1
    bell.start()
    await pass(1000)
    bell.see(at(0))
    await pass(500)
    expect(gateway.posts).toHaveLength(1)
    expect(bell.state().unread).toBe(1)
    gateway.over = noon + 999
    await pass(1000)
    expect(gateway.posts).toEqual([at(0), at(0)])
    expect(bell.state().unread).toBe(0)
    await pass(10_000)
    expect(gateway.posts).toHaveLength(2)
  })

  it('says no more of what was seen when nobody looks any more', async () => {
    const { gateway, bell } = hung()
    gateway.items = [item('a', 0)]
    gateway.over = noon - 1
    bell.start()
    await pass(1000)
    const stop = bell.see(at(0))
    await pass(500)
    stop()
    await pass(60_000)
    expect(gateway.posts).toHaveLength(1)
  })

  it('asks less and less often where it fails, and at once when the connection is back', async () => {
    const { gateway, bell, connect } = hung()
    gateway.failing = 'There is no such project.'
    bell.start()
    await pass(300_000)
    expect(gateway.reads).toBeLessThanOrEqual(15)
    const before = gateway.reads
    gateway.failing = undefined
    connect('Lost')
    connect('Live')
    await pass(0)
    expect(gateway.reads).toBe(before + 1)
    expect(bell.state().notRead).toBeUndefined()
  })

  it('says what failed, keeps what it knew, and reads again', async () => {
    const { gateway, bell, event } = hung()
    gateway.items = [item('a', 0)]
    bell.start()
    await pass(1000)
    gateway.failing = 'The gateway did not answer.'
    event('ApprovalRequested')
    await pass(0)
    expect(bell.state()).toMatchObject({
      unread: 1,
      notRead: 'What is new cannot be read: The gateway did not answer.',
    })
    bell.see(at(0))
    await pass(0)
    expect(bell.state().notKept).toBe(
      'That you have seen this could not be kept: The gateway did not answer.',
    )
    expect(gateway.posts).toHaveLength(1)
    gateway.failing = undefined
    await pass(3000)
    expect(bell.state()).toMatchObject({ unread: 1, notRead: undefined, notKept: expect.any(String) })
    bell.see(at(0))
    await pass(0)
    expect(bell.state()).toMatchObject({ unread: 0, notKept: undefined })
  })
})
