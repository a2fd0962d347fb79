import { describe, expect, it } from 'vitest'
import { settled, TestClock } from '../../../kube/testing.ts'
import type { Notice, Outcome } from '../types.ts'
import { type Item, Lane, type LaneOptions } from './lane.ts'

const GATHER = { burst: 3, everyMs: 20_000 }

/** A lane whose sendings the test answers one by one. */
function aLane(options: Partial<LaneOptions<string>> = {}) {
  const clock = new TestClock()
  const flights: { to: string; ids: string[]; land: (outcome: Outcome) => Promise<void> }[] = []
  const outcomes: string[] = []
  const lane = new Lane<string>({
    clock,
    random: () => 0,
    concurrency: 1,
    send: messages =>
      new Promise(resolve =>
        flights.push({
          to: messages[0].to,
          ids: messages.map(({ notice }) => notice.id),
          land: async outcome => {
            resolve(outcome)
            await settled()
          },
        }),
      ),
    ...options,
  })
  const item = (id: string, receiver = '', rest: Partial<Item<string>> = {}): Item<string> => ({
    id,
    receiver,
    deadline: 0,
    current: () => ({ to: receiver, notice: { id } as Notice }),
    tried: ({ state }, attempts) => outcomes.push(`${id} ${state} ${attempts}`),
    dropped: () => outcomes.push(`${id} dropped`),
    ...rest,
  })
  const offer = (...ids: string[]) => {
    for (const id of ids) lane.offer(item(id))
  }
  return { lane, clock, flights, outcomes, item, offer, ids: () => flights.map(({ ids }) => ids) }
}

const sent: Outcome = { state: 'Sent' }
const busy: Outcome = { state: 'Retrying', error: 'busy' }
const broken: Outcome = { state: 'Retrying', error: 'refused', wholeLane: true }

describe('a lane', () => {
  it('sends one after the other, each once, however often it is offered', async () => {
    const { offer, ids, flights, outcomes, lane } = aLane()
    offer('a', 'b', 'a', 'b')
    expect(ids()).toEqual([['a']])
    await flights[0]?.land(sent)
    expect(ids()).toEqual([['a'], ['b']])
    await flights[1]?.land({ state: 'Failed', error: 'no' })
    expect(outcomes).toEqual(['a Sent 1', 'b Failed 1'])
    expect(lane.length).toBe(0)
  })

  it('has as many under way as it may', () => {
    const { offer, ids } = aLane({ concurrency: 2 })
    offer('a', 'b', 'c')
    expect(ids()).toEqual([['a'], ['b']])
  })

  it('tries again after waits that double, while others go on', async () => {
    const { offer, flights, ids, clock, outcomes } = aLane()
    offer('a', 'b')
    await flights[0]?.land(busy)
    expect(ids()).toEqual([['a'], ['b']])
    await flights[1]?.land(sent)
    // Of 5 s the half at least (random is 0), then of 10 s.
    await clock.advance(2499)
    expect(ids()).toHaveLength(2)
    await clock.advance(1)
    expect(ids()[2]).toEqual(['a'])
    await flights[2]?.land(busy)
    await clock.advance(4999)
    expect(ids()).toHaveLength(3)
    await clock.advance(1)
    await flights[3]?.land(sent)
    expect(outcomes).toEqual(['a Retrying 1', 'b Sent 1', 'a Retrying 2', 'a Sent 3'])
  })

  it('waits as long as the receiver asks, up to an hour', async () => {
    const { offer, flights, clock } = aLane()
    offer('a')
    await flights[0]?.land({ ...busy, retryAfterMs: 60_000 } as Outcome)
    await clock.advance(59_999)
    expect(flights).toHaveLength(1)
    await clock.advance(1)
    await flights[1]?.land({ ...busy, retryAfterMs: 1e12 } as Outcome)
    await clock.advance(3_600_000)
    expect(flights).toHaveLength(3)
  })

  it('pauses as a whole where the way is broken, says so to all that wait, and tries one first', async () => {
    const { offer, flights, clock, outcomes, ids } = aLane()
    offer('a', 'b', 'c')
    await flights[0]?.land(broken)
    expect(outcomes).toEqual(['a Retrying 1', 'b Retrying 0', 'c Retrying 0'])
    offer('d')
    expect(flights).toHaveLength(1)
    await clock.advance(2500)
    expect(flights).toHaveLength(2)
    await flights[1]?.land(sent)
    await flights[2]?.land(sent)
    await flights[3]?.land(sent)
    await flights[4]?.land(sent)
    expect(ids().slice(1).flat().sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('drops what nobody wants any more, at the moment that it would be sent', async () => {
    const { lane, item, offer, ids, outcomes, flights } = aLane()
    let wanted = true
    offer('a')
    lane.offer(
      item('b', '', { current: () => (wanted ? { to: '', notice: { id: 'b' } as Notice } : undefined) }),
    )
    offer('c')
    wanted = false
    await flights[0]?.land(sent)
    expect(outcomes).toEqual(['a Sent 1', 'b dropped'])
    expect(ids()).toEqual([['a'], ['c']])
  })

  it('takes a sending that throws for one to be tried again', async () => {
    const { offer, outcomes } = aLane({ send: () => Promise.reject(new Error('a fault')) })
    offer('a')
    await settled()
    expect(outcomes).toEqual(['a Retrying 1'])
  })

  it('sends nothing and tells nothing once it is stopped', async () => {
    const signals: AbortSignal[] = []
    const { lane, offer, outcomes, clock } = aLane({
      send: (_messages, signal) => {
        signals.push(signal)
        return Promise.resolve(busy)
      },
    })
    offer('a')
    lane.stop()
    offer('b')
    await clock.advance(600_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(outcomes).toEqual([])
  })
})

describe('a lane that gathers', () => {
  it('sends a few one by one, and all that came meanwhile in one', async () => {
    const { offer, flights, ids } = aLane({ gather: GATHER })
    offer(...Array.from({ length: 1000 }, (_, i) => `${i}`))
    await flights[0]?.land(sent)
    await flights[1]?.land(sent)
    await flights[2]?.land(sent)
    expect(ids().map(({ length }) => length)).toEqual([1, 1, 998])
  })

  it('is back at one message each interval afterwards, and at single ones after a rest', async () => {
    const { offer, flights, ids, clock } = aLane({ gather: GATHER })
    offer('a', 'b', 'c', 'd')
    await flights[0]?.land(sent)
    await flights[1]?.land(sent)
    await flights[2]?.land(sent)
    offer('e', 'f')
    await clock.advance(19_999)
    expect(flights).toHaveLength(3)
    await clock.advance(1)
    await flights[3]?.land(sent)
    expect(ids()).toEqual([['a'], ['b'], ['c', 'd'], ['e', 'f']])
    await clock.advance(60_000)
    offer('g', 'h')
    await flights[4]?.land(sent)
    expect(ids().slice(4)).toEqual([['g'], ['h']])
  })

  it('counts for each receiver by itself, and lets no one of them hold the others', async () => {
    const { lane, item, flights } = aLane({ gather: GATHER })
    for (let i = 0; i < 100; i++) lane.offer(item(`a${i}`, 'alice'))
    lane.offer(item('b', 'bob'))
    for (let i = 0; i < 4; i++) await flights[i]?.land(sent)
    expect(flights.map(({ to, ids }) => `${to} ${ids.length}`)).toEqual([
      'alice 1',
      'alice 1',
      'bob 1',
      'alice 98',
    ])
  })

  it('sends the most urgent first', async () => {
    const { lane, item, flights, ids } = aLane({ gather: GATHER })
    lane.offer(item('first'))
    lane.offer(item('calm', '', { deadline: 9 }))
    lane.offer(item('urgent', '', { deadline: 1 }))
    await flights[0]?.land(sent)
    expect(ids()).toEqual([['first'], ['urgent']])
  })
})
