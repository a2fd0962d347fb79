import { describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { announcedStatus, isAnnounced, undecided } from './progress.ts'

const NOW = Date.parse('2026-01-01T00:00:10Z')

const request = (
  needs: number,
  approvers: readonly string[] = [],
  spec: Partial<ApprovalRequest['spec']> = {},
): ApprovalRequest =>
  ({
    metadata: { name: 'r', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { timeoutSeconds: 60, requiredApprovals: needs, allowSelfApproval: true, ...spec },
    status: {
      phase: 'Pending',
      decisions: approvers.map(reviewer => ({ reviewer, verdict: 'Approve', via: 'Kubectl' })),
    },
  }) as unknown as ApprovalRequest

const announced = (one: ApprovalRequest, decisions = one.status.decisions): ApprovalRequest => ({
  ...one,
  status: { ...announcedStatus(one, undefined, NOW), decisions },
})

describe('how far a request is', () => {
  it.each<[number, readonly string[], string]>([
    [1, [], '0 of 1 approvals'],
    [2, [], '0 of 2 approvals'],
    [2, ['alice'], '1 of 2 approvals: alice'],
    [3, ['bob', 'alice'], '2 of 3 approvals: alice, bob'],
    [3, ['alice', 'alice'], '1 of 3 approvals: alice'],
    [3, ['alice', 'Alice'], '2 of 3 approvals: Alice, alice'],
  ])('of %i needed, by %j: %s', (needs, approvers, message) => {
    expect(undecided(request(needs, approvers))).toEqual({
      type: 'Decided',
      status: 'False',
      reason: 'AwaitingApprovals',
      message,
    })
  })

  it.each<[string, Partial<ApprovalRequest['spec']>, string]>([
    ['the starter may decide and is not known', { allowSelfApproval: true }, 'AwaitingApprovals'],
    [
      'the starter may not, and is known',
      { allowSelfApproval: false, requestedBy: 'bob' },
      'AwaitingApprovals',
    ],
    ['the starter may not, and is not known', { allowSelfApproval: false }, 'NobodyMayDecide'],
  ])('where %s', (_, spec, reason) => expect(undecided(request(1, [], spec)).reason).toBe(reason))
})

describe('an announced request', () => {
  it('is announced once, with its times', () => {
    const once = announced(request(2))
    expect(once.status).toMatchObject({
      requestedAt: '2026-01-01T00:00:00Z',
      expiresAt: '2026-01-01T00:01:00Z',
    })
    expect(isAnnounced(request(2))).toBe(false)
    expect(isAnnounced(once)).toBe(true)
  })

  it('is announced again when somebody approves, and only then', () => {
    const { decisions } = request(3, ['alice']).status
    const more = announced(request(3), decisions)
    expect(isAnnounced(more)).toBe(false)
    expect(isAnnounced(announced(more))).toBe(true)
  })

  it('keeps the time since when it has been undecided', () => {
    const once = announced(request(3))
    const later = announcedStatus(
      announced(once, request(3, ['alice']).status.decisions),
      undefined,
      NOW + 5000,
    )
    const since = later.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])
    expect(since).toEqual([
      ['Notified', '2026-01-01T00:00:10Z'],
      ['Decided', '2026-01-01T00:00:10Z'],
    ])
  })
})
