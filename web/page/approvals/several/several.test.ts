import { describe, expect, test } from 'vitest'
import { type Api, Refused, Unreachable } from '../../api/client.ts'
import type { Approval } from '../../api/types.ts'
import { compact } from './calls.tsx'
import { chunksOf, type Wish } from './chunks.ts'
import { type Answer, groupsOf } from './outcome.ts'
import { sendAll } from './send.ts'

const wish = (i: number, reason?: string): Wish => ({
  name: `run-${i}-1-0`,
  verdict: reason === undefined ? 'Approve' : 'Reject',
  callDigest: `sha256:${'a'.repeat(64)}`,
  ...(reason === undefined ? {} : { reason }),
})
const wishes = (count: number, reason?: string) => Array.from({ length: count }, (_, i) => wish(i, reason))

describe('what the gateway takes at once', () => {
  test('is a hundred', () => {
    expect(chunksOf(wishes(250)).map(({ length }) => length)).toEqual([100, 100, 50])
    expect(chunksOf([])).toEqual([])
  })
  test('is less where the reason is long, in whatever letters', () => {
    const chunks = chunksOf(wishes(100, '\u20ac'.repeat(4096)))
    expect(chunks.flat()).toHaveLength(100)
    for (const decisions of chunks) {
      expect(new TextEncoder().encode(JSON.stringify({ decisions })).length).toBeLessThan(256 * 1024)
    }
  })
})

describe('what became of several', () => {
  const approval = (phase: string, approvals = 1, requiredApprovals = 1) =>
    ({ phase, approvals, requiredApprovals }) as Approval
  const answers: Answer[] = [
    { name: 'a', status: 200, approval: approval('Approved') },
    { name: 'b', status: 200, approval: approval('Approved') },
    { name: 'c', status: 200, approval: approval('Pending', 1, 2) },
    { name: 'd', status: 200, approval: approval('Rejected') },
    {
      name: 'e',
      status: 409,
      problem: {
        code: 'ApprovalSettled',
        phase: 'Rejected',
        decisions: [{ reviewer: 'bob', verdict: 'Reject', via: 'Web' }],
      },
    },
    { name: 'f', status: 410, problem: { code: 'ApprovalExpired' } },
    { name: 'g', status: 403, problem: { code: 'Forbidden', detail: 'you may not.' } },
    { name: 'h', status: 503, problem: { code: 'Unavailable', detail: 'away.' } },
  ]
  test('is told in groups, each with its names', () => {
    expect(groupsOf(answers, 'Approve')).toEqual([
      { words: 'approved', kind: 'Done', names: ['a', 'b'] },
      { words: 'approved by you, waiting for more approvals', kind: 'Done', names: ['c'] },
      { words: 'your decision is on record, and yet Rejected', kind: 'Over', names: ['d'] },
      { words: 'already rejected by bob', kind: 'Over', names: ['e'] },
      { words: 'expired', kind: 'Over', names: ['f'] },
      { words: 'not decided: you may not.', kind: 'Open', names: ['g'] },
      { words: 'not decided: away.', kind: 'Open', names: ['h'] },
    ])
  })
})

describe('sending', () => {
  const gateway = (...says: (Error | undefined)[]) => {
    const sent: number[] = []
    const post = async (_: string, { decisions }: { decisions: Wish[] }) => {
      sent.push(decisions.length)
      const error = says.shift()
      if (error !== undefined) throw error
      return { items: decisions.map(({ name }) => ({ name, status: 200 })) }
    }
    return { api: { post } as unknown as Api, sent }
  }
  const send = (api: Api, count: number, stop = new AbortController()) =>
    sendAll(api, 'shop', wishes(count), () => {}, stop.signal)

  test('goes on where the gateway was busy', async () => {
    const { api, sent } = gateway(undefined, new Refused(429, { detail: 'busy' }))
    const { answers, open } = await send(api, 120)
    expect(answers).toHaveLength(120)
    expect(open).toEqual([])
    expect(sent).toEqual([100, 20, 20])
  })

  test('stops where no answer comes, and says what is not known', async () => {
    const { api } = gateway(undefined, new Unreachable())
    const { answers, open, stopped } = await send(api, 150)
    expect(answers).toHaveLength(100)
    expect(open).toHaveLength(50)
    expect(stopped).toContain('It is not known whether the last 50 arrived')
  })

  test('stops when told to, after what is under way', async () => {
    const stop = new AbortController()
    const { api } = gateway()
    const all = sendAll(api, 'shop', wishes(250), () => stop.abort(), stop.signal)
    expect(await all).toMatchObject({ open: { length: 150 }, stopped: 'You stopped it.' })
  })
})

test('a list says what it cuts of a call', () => {
  const redacted = { $redacted: `hmac-sha256:${'a'.repeat(64)}` }
  expect(compact({ a: 1, card: redacted })).toEqual({
    leaves: [
      { path: ['a'], value: 1 },
      { path: ['card'], value: redacted },
    ],
    cut: false,
  })
  expect(compact({ a: 'x'.repeat(201) }).cut).toBe(true)
  expect(compact(Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`k${i}`, i]))).cut).toBe(true)
})
