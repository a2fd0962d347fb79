import { describe, expect, it } from 'vitest'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { aDecision, anApproval, NOW } from '../../testing.ts'
import { painter } from '../../text/paint.ts'
import { describeAnswer } from './describe.ts'
import { peopleFor, type Sources } from './people.ts'

const alice: Member = { user: 'alice@acme.com', role: 'Owner' }
const bob: Member = { user: 'bob@acme.com', role: 'Admin' }
const nights: Member = { group: 'night-shift', role: 'Member' }
const sources = (members: readonly Member[], more: Partial<Sources> = {}): Sources => ({
  members,
  approvers: [],
  complete: true,
  holds: () => undefined,
  ...more,
})
const strict = { allowSelfApproval: false, requestedBy: 'bob@acme.com' }

describe('who may decide a request', () => {
  it('is every member, but who has decided and who started the run where that may not', () => {
    const request = anApproval({
      spec: { ...strict, requiredApprovals: 2 },
      status: { decisions: [aDecision('alice@acme.com')] },
    })
    const { may, mayNot, stuck } = peopleFor(request, sources([alice, bob, nights]))
    expect(may.map(({ name }) => name)).toEqual(['night-shift'])
    expect(mayNot.map(({ name, barred }) => [name, barred])).toEqual([
      ['alice@acme.com', 'Decided'],
      ['bob@acme.com', 'Starter'],
    ])
    expect(stuck).toBeUndefined()
  })

  it('takes the starter where self-approval is allowed', () => {
    const { may } = peopleFor(anApproval(), sources([alice, bob]))
    expect(may.map(({ name }) => name)).toEqual(['alice@acme.com', 'bob@acme.com'])
  })

  it('puts away a member whom RBAC does not let, and adds whoever else it lets, but ServiceAccounts and components', () => {
    const approvers = [
      { kind: 'User', name: 'zoe@acme.com', from: 'RoleBinding extra' },
      { kind: 'User', name: 'alice@acme.com', from: 'RoleBinding countersign-owner' },
      { kind: 'User', name: 'system:kube-scheduler', from: 'ClusterRoleBinding x' },
      { kind: 'User', name: 'system:admin', from: 'ClusterRoleBinding y' },
      { kind: 'Group', name: 'system:serviceaccounts:shop', from: 'RoleBinding z' },
    ] as const
    const holds: Sources['holds'] = ({ name }) => name !== 'bob@acme.com'
    const { may, mayNot } = peopleFor(anApproval(), sources([alice, bob], { approvers, holds }))
    expect(may.map(({ name, from }) => [name, from])).toEqual([
      ['alice@acme.com', 'Owner of the project'],
      ['zoe@acme.com', 'RoleBinding extra'],
      ['system:admin', 'ClusterRoleBinding y'],
    ])
    expect(mayNot).toEqual([
      { kind: 'User', name: 'bob@acme.com', from: 'Admin of the project', barred: 'NoRight' },
    ])
  })
})

describe('a request that cannot be approved', () => {
  const stuck = (members: readonly Member[], request = anApproval({ spec: strict })) =>
    peopleFor(request, sources(members)).stuck

  it.each([
    ['the starter is alone', [bob], anApproval({ spec: strict }), /one more approval, and nobody is left/],
    [
      'more are needed than there are',
      [alice, bob],
      anApproval({ spec: { requiredApprovals: 3 } }),
      /3 more approvals, and only 2 people are left/,
    ],
    [
      'the other has approved already',
      [alice, bob],
      anApproval({
        spec: { ...strict, requiredApprovals: 2 },
        status: { decisions: [aDecision('alice@acme.com')] },
      }),
      /one more approval, and nobody is left/,
    ],
    [
      'the starter is not known',
      [alice, nights],
      (() => {
        const { requestedBy: _, ...spec } = anApproval({ spec: strict }).spec
        return { ...anApproval(), spec }
      })(),
      /who that was is not known/,
    ],
  ])('is one where %s', (_, members, request, words) => {
    expect(stuck(members, request)).toMatch(words)
  })

  it('is none where a group may decide, or a rejection or enough approvals settle it', () => {
    expect(stuck([bob, nights], anApproval({ spec: { ...strict, requiredApprovals: 9 } }))).toBeUndefined()
    const done = anApproval({ spec: strict, status: { decisions: [aDecision('alice@acme.com')] } })
    expect(stuck([bob], done)).toBeUndefined()
    const rejected = { decisions: [aDecision('alice@acme.com', 'Reject', 'no')] }
    expect(stuck([bob], anApproval({ spec: { requiredApprovals: 9 }, status: rejected }))).toBeUndefined()
  })
})

describe('the answer for a person', () => {
  const me = { name: 'alice@acme.com', groups: [] }
  const shown = (members: readonly Member[], complete: boolean) => {
    const request = anApproval({ spec: { requiredApprovals: 2 } })
    const people = peopleFor(request, sources(members, { complete }))
    return describeAnswer(request, me, { may: true, code: 0 }, people, NOW, painter(false))
  }

  it('reads so', () => {
    expect(shown([alice], false)).toBe(`Yes: you, alice@acme.com, may decide it.

refund-1-1-0: order_tools.process_refund, pending, 59m left
Approvals: 0 of 2

Who may decide now:
  alice@acme.com (you)   Owner of the project
  and whoever else RBAC lets, which you may not read as a whole

As far as you may read:
It cannot be approved as things stand:
it takes 2 more approvals, and only one person is left who may.
An owner can add members to the Project, or an Admin can cancel the run.

Decide:
  kubectl approve refund-1-1-0 -n shop
  kubectl reject refund-1-1-0 -n shop --reason '...'
`)
  })

  it('makes characters visible that a terminal would act on', () => {
    const text = shown([{ user: 'eve\u202e\u001b[2J', role: 'Owner' }], true)
    expect(text).toContain('eve\\u202e\\u001b[2J')
    for (const character of '\u202e\u001b') expect(text).not.toContain(character)
  })
})
