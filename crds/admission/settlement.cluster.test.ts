import { beforeAll, describe, expect, it } from 'vitest'
import {
  approval,
  aRequest,
  decided,
  forms,
  outcome,
  people,
  projectNamespace,
  refOf,
  rejection,
  settle,
  type Who,
  write,
} from '../../hack/admission.ts'
import { adminClient } from '../../hack/testing.ts'
import type { ApprovalRequestStatus, Decision } from '../v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../v1alpha1/resources.ts'

let namespace: string
beforeAll(async () => {
  namespace = await projectNamespace('settlement')
})

const a = approval('ann@acme.com')
const b = approval('ben@acme.com')
const no = rejection('cat@acme.com')
const policy = 'countersign-settlement refuses: '

describe('the operator settles by what the decisions say, and in no other way', () => {
  interface Row {
    readonly phase: string
    readonly decisions: readonly Decision[]
    readonly required?: number
    readonly expected: string
  }
  const rows: readonly Row[] = [
    { phase: 'Approved', decisions: [a], expected: 'allowed' },
    { phase: 'Approved', decisions: [a, b], expected: 'allowed' },
    { phase: 'Approved', decisions: [a, b], required: 2, expected: 'allowed' },
    {
      phase: 'Approved',
      decisions: [],
      expected: `${policy}phase Approved takes 1 approvals by different reviewers: there are 0`,
    },
    {
      phase: 'Approved',
      decisions: [a],
      required: 2,
      expected: `${policy}phase Approved takes 2 approvals by different reviewers: there are 1`,
    },
    ...[[no], [no, a], [a, no], [a, b, no]].map(decisions => ({
      phase: 'Approved',
      decisions,
      expected: `${policy}phase Approved takes decisions without a rejection: one reviewer has rejected`,
    })),
    { phase: 'Rejected', decisions: [no], expected: 'allowed' },
    { phase: 'Rejected', decisions: [a, no], expected: 'allowed' },
    { phase: 'Rejected', decisions: [a, no], required: 3, expected: 'allowed' },
    ...[[], [a]].map(decisions => ({
      phase: 'Rejected',
      decisions,
      expected: `${policy}phase Rejected takes a rejection by a reviewer`,
    })),
    ...[[], [a], [no]].map(decisions => ({
      phase: 'Expired',
      decisions,
      expected: `${policy}too early for phase Expired: the request is open until `,
    })),
    { phase: 'Cancelled', decisions: [], expected: 'allowed' },
    { phase: 'Cancelled', decisions: [a], required: 2, expected: 'allowed' },
  ]
  const named = rows.flatMap(row =>
    forms.map(form => ({
      ...row,
      form,
      verdicts: row.decisions.map(({ verdict }) => verdict).join(', ') || 'none',
    })),
  )
  it.each(named)(
    '$phase with decisions $verdicts of $required, by $form: $expected',
    async ({ phase, decisions, required = 1, form, expected }) => {
      const request = await aRequest(namespace, { requiredApprovals: required })
      await decided(request, ...decisions)
      const attempt = write(
        people(namespace)['the operator'],
        approvalRequests,
        refOf(request),
        form,
        'status',
        object => ({
          ...object,
          status: { ...object.status, phase, message: 'Settled.' } as ApprovalRequestStatus,
        }),
      )
      expect((await outcome(attempt)).startsWith(expected)).toBe(true)
      const stored = await adminClient().get(approvalRequests, refOf(request))
      expect(stored.status.phase).toBe(expected === 'allowed' ? phase : 'Pending')
    },
  )
})

describe('nobody else writes what the operator writes', () => {
  const others: readonly Who[] = [
    'cluster-admin',
    'the gateway with every right',
    'a ServiceAccount that is cluster-admin',
  ]
  const condition = {
    type: 'Decided',
    status: 'True',
    reason: 'Approved',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }
  const changes: readonly { readonly field: string; readonly status: object }[] = [
    { field: 'phase Approved', status: { phase: 'Approved' } },
    { field: 'phase Cancelled', status: { phase: 'Cancelled' } },
    { field: 'requestedAt', status: { requestedAt: '2026-01-01T00:00:00Z' } },
    { field: 'expiresAt', status: { expiresAt: '2036-01-01T00:00:00Z' } },
    { field: 'decidedAt', status: { decidedAt: '2026-01-01T00:00:00Z' } },
    { field: 'message', status: { message: 'Approved.' } },
    {
      field: 'notifications',
      status: { notifications: [{ channel: 'Email', target: 'x', state: 'Sent' }] },
    },
    { field: 'conditions', status: { conditions: [condition] } },
  ]
  const rows = others.flatMap(who => changes.flatMap(change => forms.map(form => ({ who, form, ...change }))))
  it.each(rows)('$who writes $field by $form: refused', async ({ who, form, status }) => {
    const request = await aRequest(namespace)
    const attempt = write(
      people(namespace)[who],
      approvalRequests,
      refOf(request),
      form,
      'status',
      object => ({
        ...object,
        status: { ...object.status, ...status },
      }),
    )
    expect(await outcome(attempt)).toBe(
      `${policy}of the status, you may add to decisions only: the operator writes the rest. Decide with kubectl approve or kubectl reject`,
    )
  })

  const patches = ['merge patch', 'JSON patch', 'server-side apply'] as const
  it.each((['owner', 'admin', 'member'] as const).flatMap(who => patches.map(form => ({ who, form }))))(
    'the $who approves and settles in one write, by $form: refused',
    async ({ who, form }) => {
      const request = await aRequest(namespace)
      const me = { owner: 'alice@acme.com', admin: 'bob@acme.com', member: 'carol@acme.com' }[who]
      const attempt = write(
        people(namespace)[who],
        approvalRequests,
        refOf(request),
        form,
        'status',
        object => ({
          ...object,
          status: { ...object.status, phase: 'Approved' as const, decisions: [approval(me)] },
        }),
      )
      expect(await outcome(attempt)).toMatch(/^countersign-settlement refuses: of the status, you may add/)
    },
  )

  it('a reviewer cannot take out what the operator wrote, while adding a decision', async () => {
    const request = await aRequest(namespace)
    await settle(request, { expiresAt: '2036-01-01T00:00:00Z', requestedAt: '2026-01-01T00:00:00Z' })
    const attempt = people(namespace).member.patch(
      approvalRequests,
      refOf(request),
      {
        type: 'merge',
        body: { status: { expiresAt: null, decisions: [approval('carol@acme.com')] } },
      },
      { subresource: 'status' },
    )
    expect(await outcome(attempt)).toMatch(/^countersign-settlement refuses: of the status, you may add/)
  })

  it('a reviewer cannot take out the status as a whole', async () => {
    const request = await aRequest(namespace)
    await settle(request, { expiresAt: '2036-01-01T00:00:00Z' })
    const attempt = people(namespace)['cluster-admin'].patch(
      approvalRequests,
      refOf(request),
      { type: 'json', body: [{ op: 'remove', path: '/status' }] },
      { subresource: 'status' },
    )
    expect(await outcome(attempt)).toMatch(/^countersign-settlement refuses/)
  })

  it('the operator cannot add a decision while it settles', async () => {
    const request = await aRequest(namespace)
    const name = 'system:serviceaccount:countersign-system:countersign-operator'
    const attempt = settle(request, { phase: 'Approved', decisions: [approval(name)] })
    expect(await outcome(attempt)).toMatch(/^countersign-decisions refuses: ServiceAccounts/)
  })
})

describe('a settled request stays as it is', () => {
  const ends: readonly [string, readonly Decision[]][] = [
    ['Approved', [a]],
    ['Rejected', [no]],
    ['Cancelled', []],
  ]
  const phases = ['Pending', 'Approved', 'Rejected', 'Expired', 'Cancelled']
  const rows = ends.flatMap(([from, decisions]) =>
    phases.filter(to => to !== from).flatMap(to => forms.map(form => ({ from, decisions, to, form }))),
  )
  it.each(rows)('$from does not become $to, by $form', async ({ from, decisions, to, form }) => {
    const request = await aRequest(namespace)
    await decided(request, ...decisions)
    await settle(request, { phase: from })
    const attempt = write(
      people(namespace)['the operator'],
      approvalRequests,
      refOf(request),
      form,
      'status',
      object => ({ ...object, status: { ...object.status, phase: to } as ApprovalRequestStatus }),
    )
    // The schema is asked first and says the same: the policy stands behind it.
    expect(await outcome(attempt)).toMatch(/its phase never changes again/)
  })

  it('its notifications and conditions go on', async () => {
    const request = await aRequest(namespace)
    await settle(request, { phase: 'Cancelled' })
    const attempt = settle(request, {
      notifications: [{ channel: 'Email', target: 'x@acme.com', state: 'Sent' }],
    })
    expect(await outcome(attempt)).toBe('allowed')
  })
})

describe('as many decisions as fit, with reasons as long as they may be', () => {
  it('are within what a policy may cost, for the last reviewer and for the operator', async () => {
    const request = await aRequest(namespace, { requiredApprovals: 10 })
    const reason = 'x'.repeat(4096)
    const reviewers = Array.from({ length: 100 }, (_, i) => `reviewer-${i}@acme.com`)
    for (const reviewer of reviewers) await decided(request, approval(reviewer, { reason }))
    const { status } = await adminClient().get(approvalRequests, refOf(request))
    expect(status.decisions).toHaveLength(100)
    const answer = await outcome(decided(request, approval('one-more@acme.com')))
    expect(answer).toMatch(/^the schema refuses: .*Too many/)
    expect(await outcome(settle(request, { phase: 'Approved' }))).toBe('allowed')
  })
})

it('lets a reviewer decide, and the operator settle, a request that as many were told of as the schema holds', async () => {
  const request = await aRequest(namespace)
  const notifications = Array.from({ length: 1000 }, (_, i) => ({
    event: 'Requested' as const,
    channel: 'Email' as const,
    target: `${'x'.repeat(300)}-${i}`,
    state: 'Failed' as const,
    attempts: 1,
    lastError: 'y'.repeat(1024),
    at: '2026-01-01T00:00:00Z',
  }))
  const operator = people(namespace)['the operator']
  await operator.patch(
    approvalRequests,
    refOf(request),
    { type: 'merge', body: { status: { notifications } } },
    { subresource: 'status' },
  )
  await decided(request, a)
  const settling = operator.patch(
    approvalRequests,
    refOf(request),
    { type: 'merge', body: { status: { phase: 'Approved', message: 'Settled.' } } },
    { subresource: 'status' },
  )
  expect((await settling).status.phase).toBe('Approved')
})
