import { describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { aDecision, anApproval, NOW } from '../testing.ts'
import { outcome, progress, standing } from './judge.ts'
import type { Verdict } from './verdict.ts'

const alice = 'alice@acme.com'
const bob = 'bob@acme.com'
const decidedAt = new Date(NOW - 60_000).toISOString()

const pending = anApproval()
const approvedByBob = anApproval({ status: { phase: 'Approved', decisions: [aDecision(bob)], decidedAt } })
const rejectedByBob = anApproval({
  status: { phase: 'Rejected', decisions: [aDecision(bob, 'Reject', 'a\u202eb')], decidedAt },
})
const expired = anApproval({ age: 7200, status: { phase: 'Expired' } })
const cancelled = anApproval({ status: { phase: 'Cancelled', decidedAt, message: 'The run was cancelled.' } })
const mine = (verdict: Verdict) => anApproval({ status: { decisions: [aDecision(alice, verdict, 'r')] } })

describe('before a decision is sent', () => {
  it.each<[string, ApprovalRequest, Verdict]>([
    ['a pending one', pending, 'Approve'],
    [
      'one that another has approved already',
      anApproval({ status: { decisions: [aDecision(bob)] } }),
      'Approve',
    ],
    [
      'one that another has approved already',
      anApproval({ status: { decisions: [aDecision(bob)] } }),
      'Reject',
    ],
    // The clock here may be wrong; the API server's is the one that counts.
    ['one whose time seems over', anApproval({ age: 7200 }), 'Approve'],
  ])('nothing stands in the way of %s', (_, request, verdict) => {
    expect(standing(request, alice, verdict, NOW)).toBeUndefined()
  })

  it.each<[string, ApprovalRequest, Verdict, number, string]>([
    [
      'approved by another',
      approvedByBob,
      'Approve',
      5,
      'was approved by bob@acme.com, 2026-11-22 16:59:00Z (60s ago)',
    ],
    [
      'approved by another',
      approvedByBob,
      'Reject',
      5,
      'was approved by bob@acme.com, 2026-11-22 16:59:00Z (60s ago)',
    ],
    [
      'rejected by another',
      rejectedByBob,
      'Approve',
      5,
      'was rejected by bob@acme.com, 2026-11-22 16:59:00Z (60s ago): a\\u202eb',
    ],
    [
      'expired',
      expired,
      'Approve',
      6,
      'expired at 2026-11-22 16:00:00Z (60m ago, 60m after it was asked for)',
    ],
    [
      'cancelled',
      cancelled,
      'Approve',
      5,
      'was cancelled, 2026-11-22 16:59:00Z (60s ago): The run was cancelled.',
    ],
    [
      'approved by me',
      mine('Approve'),
      'Approve',
      0,
      'was approved by you already, 2026-11-22 17:00:00Z (0s ago); the operator has yet to settle it',
    ],
    [
      'approved by me',
      mine('Approve'),
      'Reject',
      5,
      'was approved by you already, 2026-11-22 17:00:00Z (0s ago); a decision is never changed',
    ],
    [
      'rejected by me',
      mine('Reject'),
      'Approve',
      5,
      'was rejected by you already, 2026-11-22 17:00:00Z (0s ago); a decision is never changed',
    ],
  ])('says of one that is %s, when asked to %s', (_, request, verdict, code, text) => {
    expect(standing(request, alice, verdict, NOW)).toEqual({ code, text })
  })

  it('says of one that I approved and another then rejected what became of it, and that I have done my part', () => {
    const request = anApproval({
      status: { phase: 'Rejected', decisions: [aDecision(alice), aDecision(bob, 'Reject', 'no')], decidedAt },
    })
    expect(standing(request, alice, 'Approve', NOW)).toMatchObject({
      code: 0,
      text: expect.stringContaining('; it was rejected by bob@acme.com'),
    })
  })
})

describe('after a decision was taken', () => {
  it.each<[string, ApprovalRequest, Verdict, number, string]>([
    [
      'approved',
      anApproval({ status: { phase: 'Approved', decisions: [aDecision(bob), aDecision(alice)] } }),
      'Approve',
      0,
      'approved by alice@acme.com, bob@acme.com; order_tools.process_refund will run',
    ],
    [
      'rejected, and the run fails',
      anApproval({ status: { phase: 'Rejected', decisions: [aDecision(alice, 'Reject', 'no')] } }),
      'Reject',
      0,
      'rejected by alice@acme.com; order_tools.process_refund will not run and the run fails',
    ],
    [
      'rejected, and the agent goes on',
      anApproval({
        spec: { onRejection: 'Continue' },
        status: { phase: 'Rejected', decisions: [aDecision(alice, 'Reject', 'no')] },
      }),
      'Reject',
      0,
      'rejected by alice@acme.com; order_tools.process_refund will not run and the agent is told why and goes on',
    ],
    [
      'one of two approvals',
      anApproval({ spec: { requiredApprovals: 2 }, status: { decisions: [aDecision(alice)] } }),
      'Approve',
      0,
      'approved by alice@acme.com; 1 of 2 approvals; one more approval is needed, by another reviewer',
    ],
    [
      'not settled yet',
      mine('Approve'),
      'Approve',
      0,
      'approved by alice@acme.com; the operator has not settled it yet within 10 s',
    ],
    [
      'rejected by another in the same instant',
      anApproval({
        status: { phase: 'Rejected', decisions: [aDecision(alice), aDecision(bob, 'Reject', 'no')] },
      }),
      'Approve',
      5,
      'was approved by alice@acme.com, but it was rejected by bob@acme.com: no',
    ],
    [
      'expired in the same instant',
      anApproval({ age: 7200, status: { phase: 'Expired', decisions: [aDecision(alice)] } }),
      'Approve',
      6,
      'was approved by alice@acme.com, but it expired at 2026-11-22 16:00:00Z (60m ago, 60m after it was asked for)',
    ],
  ])('says that it is %s', (_, request, verdict, code, text) => {
    expect(outcome(request, alice, verdict, NOW, 10_000)).toEqual({ code, text })
  })
})

it.each([
  [1, 0, '0 of 1 approvals; one more approval is needed, by another reviewer'],
  [3, 1, '1 of 3 approvals; 2 more approvals are needed, by other reviewers'],
  [2, 2, 'the operator has yet to settle it'],
])('of %i approvals, %i given: %s', (requiredApprovals, given, text) => {
  const decisions = Array.from({ length: given }, (_, i) => aDecision(`reviewer-${i}`))
  expect(progress(anApproval({ spec: { requiredApprovals }, status: { decisions } }))).toBe(text)
})
