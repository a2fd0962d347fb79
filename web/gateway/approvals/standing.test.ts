import { describe, expect, test } from 'vitest'
import type { ApprovalRequest, Decision, RequestPhase } from '../../../crds/v1alpha1/approvalrequest.ts'
import { itemOf } from './item.ts'
import { isDecisive, standingOf, type Verdict } from './standing.ts'

const alice = (verdict: Verdict): Decision => ({ reviewer: 'alice', verdict, via: 'Kubectl' })
const bob = (verdict: Verdict): Decision => ({ reviewer: 'bob', verdict, via: 'Kubectl' })

const aRequest = (phase: RequestPhase, decisions: Decision[] = [], requiredApprovals = 1): ApprovalRequest =>
  ({
    metadata: { name: 'r-1-0', namespace: 'shop', creationTimestamp: '2026-11-22T10:00:00Z' },
    spec: { agentRef: { name: 'a' }, runRef: { name: 'r', uid: 'u' }, timeoutSeconds: 90, requiredApprovals },
    status: { phase, decisions },
  }) as unknown as ApprovalRequest

describe('where a request stands for alice, who approves', () => {
  test.each<[string, ApprovalRequest, string]>([
    ['pending, undecided', aRequest('Pending'), 'Open'],
    ['pending, bob approved', aRequest('Pending', [bob('Approve')], 2), 'Open'],
    ['pending, bob rejected, not settled yet', aRequest('Pending', [bob('Reject')]), 'Open'],
    ['pending, she approved', aRequest('Pending', [alice('Approve')], 2), 'Done'],
    ['approved by her', aRequest('Approved', [alice('Approve')]), 'Done'],
    ['rejected by bob after she approved', aRequest('Rejected', [alice('Approve'), bob('Reject')]), 'Done'],
    ['expired after she approved', aRequest('Expired', [alice('Approve')], 2), 'Done'],
    ['cancelled after she approved', aRequest('Cancelled', [alice('Approve')], 2), 'Done'],
    ['pending, she rejected', aRequest('Pending', [alice('Reject')]), 'AlreadyDecided'],
    ['rejected by her', aRequest('Rejected', [alice('Reject')]), 'AlreadyDecided'],
    ['approved by bob', aRequest('Approved', [bob('Approve')]), 'ApprovalSettled'],
    ['rejected by bob', aRequest('Rejected', [bob('Reject')]), 'ApprovalSettled'],
    ['cancelled', aRequest('Cancelled'), 'ApprovalSettled'],
    ['expired', aRequest('Expired'), 'ApprovalExpired'],
    ['expired, bob approved', aRequest('Expired', [bob('Approve')], 2), 'ApprovalExpired'],
  ])('should be right when %s', (_, request, expected) => {
    const standing = standingOf(request, 'alice', 'Approve')
    expect(standing.kind === 'Refused' ? standing.problem.code : standing.kind).toBe(expected)
  })

  test('should say who decided what', () => {
    const standing = standingOf(aRequest('Rejected', [bob('Reject')]), 'alice', 'Approve')
    expect(standing.kind === 'Refused' && standing.problem.message).toBe(
      'r-1-0 is Rejected (bob rejected). It cannot be decided again.',
    )
  })

  test.each<[ApprovalRequest, boolean]>([
    [aRequest('Pending'), false],
    [aRequest('Pending', [alice('Approve')], 2), false],
    [aRequest('Pending', [alice('Approve')], 1), true],
    [aRequest('Pending', [alice('Reject')], 3), true],
  ])('should wait for a settlement only where one is to come (%#)', (request, expected) => {
    expect(isDecisive(request)).toBe(expected)
  })
})

describe('the item of a request', () => {
  test('should compute its times until the operator has written them', () => {
    expect(itemOf(aRequest('Pending'))).toMatchObject({
      requestedAt: '2026-11-22T10:00:00Z',
      expiresAt: '2026-11-22T10:01:30Z',
    })
  })
  test('should show the times that the operator has written', () => {
    const request = aRequest('Pending')
    request.status.requestedAt = '2026-11-22T10:00:00Z'
    request.status.expiresAt = '2026-11-22T10:01:30.000Z'
    expect(itemOf(request).expiresAt).toBe('2026-11-22T10:01:30.000Z')
  })
})
