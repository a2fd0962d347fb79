import { describe, expect, test } from 'vitest'
import type { Approval } from '../api/types.ts'
import { mayDecide, reviewersOf } from './may.ts'

const now = Date.parse('2026-11-22T10:00:00Z')
const request = (more: Partial<Approval> = {}): Approval =>
  ({
    phase: 'Pending',
    expiresAt: '2026-11-22T11:00:00Z',
    decisions: [],
    allowSelfApproval: true,
    requestedBy: 'bob',
    ...more,
  }) as unknown as Approval
const you = { username: 'bob', decide: true }
const approved = [{ reviewer: 'bob', verdict: 'Approve', via: 'Web' }] as Approval['decisions']

describe('whether bob may decide', () => {
  test.each<[string, Approval, Parameters<typeof mayDecide>[2], boolean, RegExp]>([
    ['it waits', request(), you, true, /your right/],
    ['his rights are not known', request(), undefined, true, /^$/],
    ['he has no right', request(), { ...you, decide: false }, false, /not decide/],
    ['he has decided', request({ decisions: approved }), you, false, /You have approved it/],
    ['it is settled', request({ phase: 'Rejected' }), you, false, /It is Rejected/],
    ['its time is over', request({ expiresAt: '2026-11-22T10:00:00Z' }), you, false, /time is over/],
    ['he started the run, which its agent allows', request(), you, true, /your right/],
    ['he started it, and may not', request({ allowSelfApproval: false }), you, false, /You started/],
    [
      'somebody unknown started it, and may not',
      request({ allowSelfApproval: false, requestedBy: undefined }),
      you,
      false,
      /Nobody may/,
    ],
    [
      'somebody else started it',
      request({ allowSelfApproval: false, requestedBy: 'eve' }),
      you,
      true,
      /right/,
    ],
  ])('%s', (_, approval, rights, may, because) => {
    const said = mayDecide(approval, 'bob', rights, now)
    expect(said.may).toBe(may)
    expect(said.because).toMatch(because)
  })
})

test('the members are named with what each has done, and whoever decided without being one', () => {
  const approval = request({
    allowSelfApproval: false,
    decisions: [
      { reviewer: 'alice', verdict: 'Approve', via: 'Web' },
      { reviewer: 'root', verdict: 'Reject', via: 'Kubectl', reason: 'no' },
    ],
  })
  const members = [
    { user: 'alice', name: 'Alice', role: 'Owner' },
    { user: 'bob', role: 'Member' },
    { group: 'finance', role: 'Member' },
  ]
  expect(reviewersOf(approval, members).map(({ id, group, state }) => [id, group, state])).toEqual([
    ['alice', false, 'Approved'],
    ['bob', false, 'Started it'],
    ['finance', true, 'May'],
    ['root', false, 'Rejected'],
  ])
})
