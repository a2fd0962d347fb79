import { beforeAll, describe, expect, it } from 'vitest'
import { clientFor, testNamespace } from '../../hack/testing.ts'
import { asOperator, changed, creating, updating } from '../../hack/truthtable.ts'
import { approvalRequests } from './resources.ts'
import { sampleApprovalRequest } from './samples.ts'

const table = { client: asOperator, resource: approvalRequests }
const alice = () => clientFor('alice@acme.com', ['system:masters'])
let namespace: string

/** Creates a request and, when a status is given, writes it. */
async function request(name: string, status?: object): Promise<void> {
  const created = await asOperator().create(approvalRequests, sampleApprovalRequest(namespace, name))
  if (status === undefined) return
  const settled = changed(created, { '/status': { ...created.status, ...status } })
  await asOperator().replace(approvalRequests, settled, { subresource: 'status' })
}

beforeAll(async () => {
  namespace = await testNamespace('approval-schema')
})

describe('an ApprovalRequest', () => {
  it('is Pending without decisions from the moment it exists, for selectors too', async () => {
    await request('fresh')
    const fieldSelector =
      'status.phase=Pending,spec.agentRef.name=order-manager,spec.runRef.name=order-run,spec.tool=order_tools.process_refund'
    const { items } = await asOperator().list(approvalRequests, { namespace, fieldSelector })
    expect(items.find(item => item.metadata.name === 'fresh')?.status).toEqual({
      phase: 'Pending',
      decisions: [],
    })
  })

  it('takes two first decisions that are added at the same time', async () => {
    await request('fresh-two')
    const decide = (reviewer: string) =>
      clientFor(reviewer, ['system:masters']).patch(
        approvalRequests,
        { namespace, name: 'fresh-two' },
        {
          type: 'json',
          body: [
            {
              op: 'add',
              path: '/status/decisions/-',
              value: { reviewer, verdict: 'Approve', via: 'Kubectl' },
            },
          ],
        },
        { subresource: 'status' },
      )
    await Promise.all([decide('bob@acme.com'), decide('carol@acme.com')])
    const { status } = await asOperator().get(approvalRequests, { namespace, name: 'fresh-two' })
    expect(status.decisions.map(decision => decision.reviewer).sort()).toEqual([
      'bob@acme.com',
      'carol@acme.com',
    ])
  })

  describe('when created', () => {
    creating(table, () => sampleApprovalRequest(namespace, 'new'), [
      { when: 'is accepted', set: {} },
      { when: 'needs a gate that stopped it', set: { '/spec/gates': [] }, refused: 'spec.gates' },
      { when: 'needs params', set: { '/spec/params': undefined }, refused: 'spec.params: Required value' },
      {
        when: 'needs a digest that is one',
        set: { '/spec/callDigest': 'sha256:00' },
        refused: 'spec.callDigest in body should match',
      },
      { when: 'needs a call that is one', set: { '/spec/callID': 'call_1' }, refused: 'spec.callID' },
      { when: 'needs 30 seconds', set: { '/spec/timeoutSeconds': 29 }, refused: 'spec.timeoutSeconds' },
    ])
  })

  describe('once created', () => {
    beforeAll(() => request('fixed'))
    const refused = 'spec: Forbidden: a request cannot be changed'
    updating(table, () => ({ namespace, name: 'fixed' }), [
      { when: 'can be labelled', set: { '/metadata/labels': { a: 'b' } } },
      { when: 'keeps its tool', set: { '/spec/tool': 'a.b' }, refused },
      { when: 'keeps its params', set: { '/spec/params/amount': 1 }, refused },
      { when: 'keeps the types of its params', set: { '/spec/params/amount': '2400' }, refused },
      { when: 'keeps what stands deep in its params', set: { '/spec/params/lines/0/sku': 'A-2' }, refused },
      { when: 'keeps a null in its params', set: { '/spec/params/lines/0/note': 'x' }, refused },
      { when: 'loses no null of its params', set: { '/spec/params/lines/0/note': undefined }, refused },
      { when: 'gets no further param', set: { '/spec/params/more': 1 }, refused },
      { when: 'gets no further param that is null', set: { '/spec/params/more': null }, refused },
      { when: 'loses no param', set: { '/spec/params/amount': undefined }, refused },
      { when: 'keeps what its conditions read', set: { '/spec/gates/0/values/param.amount': 1 }, refused },
      { when: 'keeps its quorum', set: { '/spec/requiredApprovals': 2 }, refused },
      { when: 'keeps its time', set: { '/spec/timeoutSeconds': 7200 }, refused },
      { when: 'gets no message', set: { '/spec/message': 'x' }, refused },
      { when: 'gets no starter', set: { '/spec/requestedBy': 'bob@acme.com' }, refused },
    ])
  })

  describe('a decision', () => {
    beforeAll(() => request('open'))
    const decision = (value: object) => ({
      '/status/decisions': [{ reviewer: 'alice@acme.com', via: 'Kubectl', ...value }],
    })
    const refused = 'a rejection needs a reason'
    updating(
      { client: alice, resource: approvalRequests },
      () => ({ namespace, name: 'open' }),
      [
        { when: 'approves without a reason', set: decision({ verdict: 'Approve' }) },
        { when: 'rejects with a reason', set: decision({ verdict: 'Reject', reason: 'not a duplicate' }) },
        { when: 'does not reject without a reason', set: decision({ verdict: 'Reject' }), refused },
        {
          when: 'does not reject with an empty reason',
          set: decision({ verdict: 'Reject', reason: '' }),
          refused,
        },
        {
          when: 'does not reject with a blank reason',
          set: decision({ verdict: 'Reject', reason: ' \n' }),
          refused,
        },
        {
          when: 'is Approve or Reject',
          set: decision({ verdict: 'Maybe' }),
          refused: 'decisions[0].verdict',
        },
        {
          when: 'comes over a path that is known',
          set: decision({ verdict: 'Approve', via: 'Phone' }),
          refused: 'decisions[0].via',
        },
        {
          when: 'is one for each reviewer',
          set: {
            '/status/decisions': [
              { reviewer: 'alice@acme.com', via: 'Kubectl', verdict: 'Approve' },
              { reviewer: 'alice@acme.com', via: 'Web', verdict: 'Approve' },
            ],
          },
          refused: 'status.decisions[1]: Duplicate value',
        },
      ],
      'status',
    )
  })

  describe('once settled', () => {
    const settled = {
      phase: 'Cancelled',
      decidedAt: '2026-11-22T10:00:00Z',
      message: 'The run was cancelled.',
    }
    beforeAll(() => request('settled', settled))
    updating(
      table,
      () => ({ namespace, name: 'settled' }),
      [
        {
          when: 'may still say who was told',
          set: { '/status/notifications': [{ channel: 'Email', target: 'alice@acme.com', state: 'Sent' }] },
        },
        ...['Pending', 'Rejected', 'Expired'].map(phase => ({
          when: `never is ${phase}`,
          set: { '/status/phase': phase },
          refused: 'status.phase: Forbidden: the request is settled',
        })),
        {
          when: 'never is Approved',
          set: { '/status/phase': 'Approved' },
          refused: 'status.phase: Forbidden: the request is settled',
        },
        {
          when: 'is not opened again by losing its status',
          set: { '/status': undefined },
          refused: 'status.phase: Forbidden: the request is settled',
        },
        {
          when: 'keeps when it was settled',
          set: { '/status/decidedAt': '2026-11-22T10:00:01Z' },
          refused: 'status.decidedAt: Forbidden: decidedAt is set once',
        },
        {
          when: 'loses not when it was settled',
          set: { '/status/decidedAt': undefined },
          refused: 'status.decidedAt: Forbidden: decidedAt is set once',
        },
        {
          when: 'keeps its message',
          set: { '/status/message': 'Approved by alice@acme.com.' },
          refused: 'status.message: Forbidden: message is set once',
        },
      ],
      'status',
    )
  })
})
