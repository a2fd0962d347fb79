import { describe, expect, it } from 'vitest'
import { aDecision, anApproval, DIGEST, NOW } from '../testing.ts'
import { painter } from '../text/paint.ts'
import { describeRequest, ownRight } from './describe.ts'

const alice = { name: 'alice@acme.com', groups: ['system:authenticated'] }
const shown = (request = anApproval(), around: Parameters<typeof describeRequest>[1] = {}) =>
  describeRequest(request, around, NOW, painter(false))

describe('a request in full', () => {
  it('shows all that a reviewer needs', () => {
    const request = anApproval({
      spec: { message: 'Ask finance first.\nThen decide.', onRejection: 'Continue', requiredApprovals: 2 },
      status: { decisions: [aDecision('bob@acme.com', 'Approve', 'checked')] },
    })
    const approvers = [{ kind: 'Group', name: 'ops', from: 'RoleBinding r' } as const]
    expect(shown(request, { person: alice, holdsRight: true, approvers })).toBe(`Name:        refund-1-1-0
Namespace:   shop
Phase:       Pending, 59m left (until 2026-11-22 17:59:00Z)
Agent:       order-manager
Run:         refund-1, started by bob@acme.com
Tool:        order_tools.process_refund
Call:        1.0

Parameters:
  {
    "order_id": "ORD-1287",
    "amount": 2400
  }

Message:
  Ask finance first.
  Then decide.

Why it waits:
  gate order_tools.process_refund of agent order-manager: it stops every call

Approvals:   1 of 2 (bob@acme.com)
If rejected: the agent is told why and goes on
Digest:      ${DIGEST}

Who may decide:
  you, alice@acme.com: yes
  group ops (RoleBinding r)

History:
  2026-11-22 16:59:00Z (60s ago)  asked for
  2026-11-22 17:00:00Z (0s ago)  approved by bob@acme.com via Kubectl: checked
  now  1 of 2 approvals; one more approval is needed, by another reviewer

Decide:
  kubectl approve refund-1-1-0 -n shop
  kubectl reject refund-1-1-0 -n shop --reason '...'
`)
  })

  it('says who was told of it, where that is known', () => {
    expect(shown()).not.toContain('Who was told')
    const entry = { channel: 'Webhook', target: 'ops', state: 'Failed', lastError: 'refused' } as const
    const text = shown(anApproval({ status: { notifications: [entry] } }))
    expect(text).toContain('\n\nWho was told:\n  not told  ops by webhook: refused\n\nHistory:\n')
  })

  it('shows nothing of what others wrote as they wrote it, where that could deceive', () => {
    const evil = '\u202e\u001b[2J\u200b'
    const request = anApproval({
      spec: {
        tool: `t.${evil}`,
        message: evil,
        requestedBy: evil,
        params: { [evil]: evil },
        gates: [
          {
            name: evil,
            from: 'Project',
            when: evil,
            outcome: 'ConditionUnknown',
            detail: evil,
            values: { [evil]: evil },
          },
        ],
      },
      status: { decisions: [aDecision(evil, 'Approve', evil)], message: evil },
    })
    const around = {
      person: { name: evil, groups: [] },
      holdsRight: true,
      approvers: [{ kind: 'User', name: evil, from: evil } as const],
      events: [{ at: evil, reason: evil, message: evil }],
    }
    const text = shown(request, around)
    for (const character of evil.matchAll(/[^[2J]/gu)) expect(text).not.toContain(character[0])
    expect(text.match(/\\u202e/g)?.length).toBe(18)
  })

  it('does not tell somebody how to decide who may not', () => {
    expect(shown(anApproval(), { person: alice, holdsRight: false, approvers: [] })).not.toContain(
      'kubectl approve',
    )
  })

  it('tells how it ended', () => {
    const decidedAt = new Date(NOW).toISOString()
    const status = {
      phase: 'Expired',
      decidedAt,
      message: 'Nobody decided before the time ran out.',
    } as const
    const text = shown(anApproval({ status }))
    expect(text).toContain('Phase:       Expired\n')
    expect(text).toContain('2026-11-22 17:00:00Z (0s ago)  Expired: Nobody decided before the time ran out.')
  })
})

describe('whether I may decide', () => {
  const self = { allowSelfApproval: false, requestedBy: alice.name }
  it.each([
    ['yes', anApproval(), alice, true],
    ['no, because you lack the verb approve', anApproval(), alice, false],
    ['no, because you started the run', anApproval({ spec: self }), alice, true],
    ['yes', anApproval({ spec: { ...self, allowSelfApproval: true } }), alice, true],
    [
      'no, because ServiceAccounts',
      anApproval(),
      { name: 'system:serviceaccount:shop:bot', groups: [] },
      true,
    ],
    [
      'you have decided (Approve)',
      anApproval({ status: { decisions: [aDecision(alice.name)] } }),
      alice,
      true,
    ],
  ])('%s', (answer, request, person, holdsRight) => {
    expect(ownRight(request, person, holdsRight)).toMatch(new RegExp(`^${answer.replace(/[()]/g, '\\$&')}`))
  })

  it('nobody may where self-approval is off and the starter is unknown', () => {
    const request = anApproval({ spec: { allowSelfApproval: false } })
    delete request.spec.requestedBy
    expect(ownRight(request, alice, true)).toMatch(/^no, because nobody knows/)
  })
})
