import { describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { decideRequest } from './decide.ts'

const CREATED = Date.parse('2026-01-01T00:00:00Z')
const SECOND = 1000

type Said = 'Approve' | 'Reject'

const request = (changes: {
  readonly phase?: string
  readonly said?: readonly (readonly [string, Said])[]
  readonly needs?: number
  /** How far the status says that it is. */
  readonly announced?: string
}): ApprovalRequest =>
  ({
    metadata: { name: 'r', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { timeoutSeconds: 60, requiredApprovals: changes.needs ?? 1, allowSelfApproval: true },
    status: {
      phase: changes.phase ?? 'Pending',
      ...(changes.announced === undefined
        ? {}
        : {
            expiresAt: '2026-01-01T00:01:00Z',
            conditions: [
              { type: 'Decided', status: 'False', reason: 'AwaitingApprovals', message: changes.announced },
            ],
          }),
      decisions: (changes.said ?? []).map(([reviewer, verdict]) => ({ reviewer, verdict, via: 'Web' })),
    },
  }) as unknown as ApprovalRequest

const plan = (
  changes: Parameters<typeof request>[0],
  facts: { readonly after?: number; readonly runAlive?: boolean; readonly trusted?: boolean } = {},
): string => {
  const { after = 1, runAlive = true, trusted = true } = facts
  const decided = decideRequest(request(changes), { now: CREATED + after * SECOND, runAlive, trusted })
  if (decided.plan === 'Settle') return decided.phase
  return decided.plan === 'Wait' ? `Wait until ${(decided.untilMs - CREATED) / SECOND}` : decided.plan
}

const NONE = '0 of 1 approvals'
const approve = (...names: string[]) => names.map(name => [name, 'Approve'] as const)
const reject = (...names: string[]) => names.map(name => [name, 'Reject'] as const)

describe('what is to be done about a request', () => {
  it.each<[string, string, string]>([
    ['new', plan({}), 'Announce'],
    ['told of its times', plan({ announced: NONE }), 'Wait until 60'],
    ['one second before its end', plan({ announced: NONE }, { after: 59 }), 'Wait until 60'],
    ['at its end', plan({ announced: NONE }, { after: 60 }), 'Expired'],
    ['long after its end, never announced', plan({}, { after: 600 }), 'Expired'],
    ['approved', plan({ said: approve('ann') }), 'Approved'],
    ['approved in time, seen late', plan({ said: approve('ann') }, { after: 600 }), 'Approved'],
    ['rejected in time, seen late', plan({ said: reject('ann') }, { after: 600 }), 'Rejected'],
    [
      'approved by one of two, which it does not say yet',
      plan({ said: approve('ann'), needs: 2, announced: '0 of 2 approvals' }),
      'Announce',
    ],
    [
      'approved by one of two, as it says',
      plan({ said: approve('ann'), needs: 2, announced: '1 of 2 approvals: ann' }),
      'Wait until 60',
    ],
    [
      'approved by one of two, as it says, at its end',
      plan({ said: approve('ann'), needs: 2, announced: '1 of 2 approvals: ann' }, { after: 60 }),
      'Expired',
    ],
    ['approved by one of two, over', plan({ said: approve('ann'), needs: 2 }, { after: 60 }), 'Expired'],
    [
      'approved by two of two, before it says so of the first',
      plan({ said: approve('ann', 'bea'), needs: 2, announced: '0 of 2 approvals' }),
      'Approved',
    ],
    ['approved by two of two', plan({ said: approve('ann', 'bea'), needs: 2 }), 'Approved'],
    [
      'approved twice by one',
      plan({ said: approve('ann', 'ann'), needs: 2, announced: '1 of 2 approvals: ann' }),
      'Wait until 60',
    ],
    ['approved and rejected', plan({ said: [...approve('ann'), ...reject('bea')] }), 'Rejected'],
    ['rejected and approved', plan({ said: [...reject('bea'), ...approve('ann')] }), 'Rejected'],
    ['of a run that ended', plan({}, { runAlive: false }), 'Cancelled'],
    ['approved, of a run that ended', plan({ said: approve('ann') }, { runAlive: false }), 'Cancelled'],
    ['while the policies were not seen', plan({ said: approve('ann') }, { trusted: false }), 'Distrust'],
    ['over, while the policies were not seen', plan({}, { after: 60, trusted: false }), 'Distrust'],
    ['of a run that ended, policies not seen', plan({}, { runAlive: false, trusted: false }), 'Distrust'],
    ...(['Approved', 'Rejected', 'Expired', 'Cancelled'] as const).map(
      phase =>
        [phase, plan({ phase }, { trusted: false, runAlive: false, after: 600 }), 'Record'] as [
          string,
          string,
          string,
        ],
    ),
  ])('%s', (_what, is, expected) => expect(is).toBe(expected))
})
