import { describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { type Attempt, type Evidence, faultsIn } from './proof.ts'

type Decisions = ApprovalRequest['status']['decisions']
const approve = (...reviewers: string[]): Decisions =>
  reviewers.map(reviewer => ({ reviewer, verdict: 'Approve', via: 'Kubectl' }))
const reject = (...reviewers: string[]): Decisions =>
  reviewers.map(reviewer => ({ reviewer, verdict: 'Reject', reason: 'no', via: 'Kubectl' }))

const version = (
  at: number,
  decisions: Decisions,
  phase = 'Pending',
  spec: Partial<ApprovalRequest['spec']> = {},
): ApprovalRequest =>
  ({
    metadata: { name: 'r-1-0', resourceVersion: String(at) },
    spec: { runRef: { name: 'r', uid: 'u' }, requiredApprovals: 2, allowSelfApproval: true, ...spec },
    status: { phase, decisions },
  }) as unknown as ApprovalRequest

const sound = [
  version(10, []),
  version(11, approve('ann')),
  version(12, approve('ann', 'bea')),
  version(13, approve('ann', 'bea'), 'Approved'),
]
const recorded = (action: string, actor?: string, via = 'Kubectl'): AuditEntry =>
  ({ seq: 1, time: '', action, approvalRequest: 'r-1-0', actor, via }) as unknown as AuditEntry
const asAnn: Attempt = {
  who: 'ann',
  path: 'kubectl patch',
  request: 'r-1-0',
  verdict: 'Approve',
  forged: false,
  outside: false,
  taken: true,
  said: '',
}
const evidence = (changes: Partial<Evidence> & { of?: ApprovalRequest[] } = {}): Evidence => ({
  versions: new Map([['r-1-0', changes.of ?? sound]]),
  outside: [],
  attempts: [asAnn],
  audit: [recorded('ApprovalRequested'), recorded('ApprovalApproved', 'bea, ann')],
  calls: new Map([['r', 1]]),
  ...changes,
})

describe('the proof of the storm', () => {
  it('finds nothing where all is well, at the edges of having been outside too', () => {
    const outside = [
      { who: 'ann', from: 11n, to: 20n },
      { who: 'bea', from: 1n, to: 11n },
      { who: 'cyd', from: 1n, to: undefined },
    ]
    expect(faultsIn(evidence({ outside }))).toEqual([])
  })

  it.each<[string, Parameters<typeof evidence>[0], string]>([
    ['decided outside', { outside: [{ who: 'bea', from: 11n, to: 12n }] }, 'bea decided at 12'],
    ['decided outside for good', { outside: [{ who: 'ann', from: 5n, to: undefined }] }, 'ann decided at 11'],
    ['twice in it', { of: [version(10, approve('ann', 'ann'))] }, 'in it twice'],
    ['changed', { of: [version(10, approve('ann')), version(11, reject('ann'))] }, 'changed or removed'],
    ['removed', { of: [version(10, approve('ann')), version(11, [])] }, 'changed or removed'],
    ['two at once', { of: [version(10, []), version(11, approve('ann', 'bea'))] }, 'came in one write'],
    ['added after', { of: [...sound, version(14, approve('ann', 'bea', 'cyd'), 'Approved')] }, 'came after'],
    ['another end', { of: [...sound, version(14, approve('ann', 'bea'), 'Rejected')] }, 'then Rejected'],
    ['too few', { of: [version(10, approve('ann'), 'Approved')] }, 'is Approved with'],
    [
      'outvoted',
      { of: [version(10, [...approve('ann', 'bea'), ...reject('cyd')], 'Approved')] },
      'is Approved with',
    ],
    ['nobody rejected', { of: [version(10, approve('ann'), 'Rejected')] }, 'is Rejected with'],
    ['expired although decided', { of: [version(10, reject('ann'), 'Expired')] }, 'is Expired with'],
    ['unrecorded', { audit: [] }, 'recorded as []'],
    [
      'recorded twice',
      { audit: [recorded('ApprovalApproved', 'ann, bea'), recorded('ApprovalApproved', 'ann, bea')] },
      'recorded as',
    ],
    ['recorded of others', { audit: [recorded('ApprovalApproved', 'ann, cyd')] }, 'recorded as by ann,cyd'],
    [
      'recorded of another path',
      { audit: [recorded('ApprovalApproved', 'ann, bea', 'API')] },
      'recorded as API',
    ],
    ['called twice', { calls: new Map([['r', 2]]) }, 'called 2 times'],
    ['called unapproved', { of: [version(10, [])], audit: [] }, 'was called, and is Pending'],
    [
      'their own',
      { of: [version(10, approve('ann'), 'Pending', { allowSelfApproval: false, requestedBy: 'ann' })] },
      'their own run',
    ],
    ['forged', { attempts: [{ ...asAnn, forged: true }] }, 'a forged decision was taken'],
    ['taken outside', { attempts: [{ ...asAnn, outside: true }] }, 'although they were outside'],
    ['answered with an error', { attempts: [{ ...asAnn, taken: false, said: '500 x' }] }, '500 x'],
    ['lost', { attempts: [{ ...asAnn, who: 'cyd' }] }, 'it is not there'],
    ['said to come otherwise', { attempts: [{ ...asAnn, path: 'REST' }] }, 'have come via Kubectl'],
    ['taken otherwise', { attempts: [{ ...asAnn, verdict: 'Reject' }] }, 'it is not there'],
  ])('finds what is %s', (_, changes, fault) => {
    expect(faultsIn(evidence(changes)).join('\n')).toContain(fault)
  })
})
