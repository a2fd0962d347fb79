import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decidable, settle } from './decisions.ts'

type Decisions = Decidable['status']['decisions']

const EXPIRES = Date.parse('2026-11-22T12:00:00Z')
const approve = (reviewer: string, reason?: string) =>
  ({ reviewer, verdict: 'Approve', ...(reason === undefined ? {} : { reason }) }) as const
const reject = (reviewer: string, reason = 'no') => ({ reviewer, verdict: 'Reject', reason }) as const
const request = (requiredApprovals: number, ...decisions: Decisions): Decidable => ({
  spec: { requiredApprovals },
  status: { decisions },
})

describe('settle', () => {
  it.each<[string, Decidable, number, string]>([
    ['leaves a request without decisions pending', request(1), -1, 'Pending'],
    ['expires it at its time, to the millisecond', request(1), 0, 'Expired'],
    ['approves by one where one is enough', request(1, approve('alice')), -1, 'Approved'],
    ['waits for the second where two are needed', request(2, approve('alice')), -1, 'Pending'],
    ['expires with one of two', request(2, approve('alice')), 0, 'Expired'],
    ['approves by two where two are needed', request(2, approve('alice'), approve('bob')), -1, 'Approved'],
    ['counts a reviewer once', request(2, approve('alice'), approve('alice')), -1, 'Pending'],
    ['knows Alice and alice as two', request(2, approve('alice'), approve('Alice')), -1, 'Approved'],
    ['rejects by one', request(3, reject('alice')), -1, 'Rejected'],
    ['rejects whatever was approved before', request(1, approve('alice'), reject('bob')), -1, 'Rejected'],
    ['rejects whatever is approved after', request(1, reject('bob'), approve('alice')), -1, 'Rejected'],
    ['rejects by one who approved too', request(1, approve('alice'), reject('alice')), -1, 'Rejected'],
    ['counts an approval that is settled late', request(1, approve('alice')), 86_400_000, 'Approved'],
    ['counts a rejection that is settled late', request(1, reject('alice')), 86_400_000, 'Rejected'],
  ])('%s', (_, decidable, offset, phase) => {
    expect(settle(decidable, EXPIRES + offset, EXPIRES).phase).toBe(phase)
  })

  it('says who decided and why, the same in whatever order they stand', () => {
    const decisions = [reject('bob', 'twice'), approve('carol'), reject('alice', 'not mine')]
    const expected = {
      phase: 'Rejected',
      reviewers: ['alice', 'bob'],
      reason: 'not mine; twice',
      message: 'Rejected by alice, bob: not mine; twice',
    }
    expect(settle(request(1, ...decisions), 0, EXPIRES)).toEqual(expected)
    expect(settle(request(1, ...decisions.toReversed()), 0, EXPIRES)).toEqual(expected)
    expect(settle(request(1, approve('alice')), 0, EXPIRES)).toEqual({
      phase: 'Approved',
      reviewers: ['alice'],
      message: 'Approved by alice.',
    })
    expect(settle(request(2, approve('alice')), EXPIRES, EXPIRES)).toEqual({
      phase: 'Expired',
      message: '1 of 2 approvals were given before the time ran out.',
    })
    expect(settle(request(1), EXPIRES, EXPIRES)).toEqual({
      phase: 'Expired',
      message: 'Nobody decided before the time ran out.',
    })
    expect(settle(request(3, approve('alice')), 0, EXPIRES)).toEqual({ phase: 'Pending', approvals: 1 })
  })

  const decisions = fc.array(
    fc.record({
      reviewer: fc.constantFrom('a', 'b', 'c', 'd'),
      verdict: fc.constantFrom('Approve' as const, 'Reject' as const),
    }),
    { maxLength: 6 },
  )
  it('does not care for the order, and never approves over a rejection or below the quorum', () => {
    fc.assert(
      fc.property(
        decisions,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: -2, max: 2 }),
        (list, required, offset) => {
          const given = settle(request(required, ...list), EXPIRES + offset, EXPIRES)
          expect(settle(request(required, ...list.toReversed()), EXPIRES + offset, EXPIRES)).toEqual(given)
          const approvers = new Set(
            list.filter(each => each.verdict === 'Approve').map(each => each.reviewer),
          )
          const rejected = list.some(each => each.verdict === 'Reject')
          const phase = rejected
            ? 'Rejected'
            : approvers.size >= required
              ? 'Approved'
              : offset >= 0
                ? 'Expired'
                : 'Pending'
          expect(given.phase).toBe(phase)
        },
      ),
    )
  })
})
