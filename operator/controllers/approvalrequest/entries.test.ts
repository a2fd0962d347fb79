import { describe, expect, it } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest, RequestPhase } from '../../../crds/v1alpha1/approvalrequest.ts'
import { nextRecord } from '../../audit/chain.ts'
import { entriesFor, OPERATOR, recordedContext } from './entries.ts'

type Decision = ApprovalRequest['status']['decisions'][number]

const decision = (reviewer: string, verdict: 'Approve' | 'Reject', reason?: string): Decision =>
  ({ reviewer, verdict, via: 'Kubectl', ...(reason === undefined ? {} : { reason }) }) as Decision

const settled = (phase: RequestPhase, decisions: Decision[] = [], message = 'why'): ApprovalRequest =>
  ({
    metadata: { name: 'run-1-0', namespace: 'shop', uid: 'request-uid' },
    spec: { agentRef: { name: 'a' }, runRef: { name: 'run', uid: 'run-uid' }, callID: '1.0', tool: 's.pay' },
    status: { phase, decisions, message },
  }) as unknown as ApprovalRequest

const lastOf = (request: ApprovalRequest) => entriesFor(request, undefined).at(-1)?.entry

describe('the entries of a request', () => {
  it.each([
    ['Pending', ['ApprovalRequested']],
    ['Approved', ['ApprovalRequested', 'ApprovalApproved']],
    ['Rejected', ['ApprovalRequested', 'ApprovalRejected']],
    ['Expired', ['ApprovalRequested', 'ApprovalExpired']],
    ['Cancelled', ['ApprovalRequested', 'ApprovalCancelled']],
  ] as const)('of phase %s', (phase, actions) => {
    const entries = entriesFor(settled(phase), undefined)
    expect(entries.map(({ entry }) => entry.action)).toEqual(actions)
    expect(new Set(entries.map(({ key }) => key)).size).toBe(actions.length)
  })

  it('name those whose decisions counted, and nobody else', () => {
    const decisions = [decision('ann', 'Approve', 'fine'), decision('bea', 'Reject', 'no')]
    expect(lastOf(settled('Rejected', decisions))).toMatchObject({
      actor: 'bea',
      reason: 'no',
      via: 'Kubectl',
    })
    expect(lastOf(settled('Approved', decisions))).toMatchObject({ actor: 'ann', reason: 'fine' })
    expect(lastOf(settled('Expired', decisions))).toMatchObject({ actor: OPERATOR, reason: 'why' })
  })

  it('can be put into the chain whatever characters a reason is cut at', () => {
    const reason = `a${'😀'.repeat(4096)}`
    const entry = lastOf(settled('Rejected', [decision('ann', 'Reject', reason)]))
    expect(entry?.reason?.isWellFormed()).toBe(true)
    const record = () =>
      nextRecord('shop', { seq: 0, hash: undefined }, [{ time: 'now', ...entry } as never], ['k'])
    expect(record).not.toThrow()
  })
})

describe('the context that is recorded', () => {
  const run = (context?: object) => ({ spec: { context } }) as unknown as AgentRun
  it.each([
    ['absent', undefined, {}],
    ['small', { a: 1 }, { context: { a: 1 } }],
    ['larger than it may be', { a: 'x'.repeat(200_000) }, { context: { $bytes: 200_008 } }],
  ])('%s', (_what, context, recorded) => expect(recordedContext(run(context))).toEqual(recorded))
})
