import { describe, expect, it } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { AuditEntry, AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import { EMPTY, headAfter, nextRecord } from '../../../operator/audit/chain.ts'
import { auditKey } from '../../../operator/audit/entry.ts'
import { expectedRun } from '../load/plots.ts'
import { faultsIn } from './check.ts'
import type { Evidence, ExpectedRun } from './evidence.ts'

const params = { order: 'r', amount: 5000 }
const about = { agent: 'r', run: 'r', tool: 'desk.pay', params }
const digest = `sha256:${'0'.repeat(64)}`

/** Records of these entries, one each, as the operator would chain them. */
const chained = (
  entries: readonly (readonly [string, Omit<AuditEntry, 'seq' | 'time'>])[],
): readonly AuditRecord[] => {
  let head = EMPTY
  return entries.map(([key, entry]) => {
    const record = nextRecord('n', head, [{ ...entry, time: '2026-11-23T06:00:00.000Z' }], [key])
    head = headAfter(record)
    return record
  })
}

const ENTRIES = [
  [auditKey('RunStarted', 'u'), { action: 'RunStarted', run: 'r' }],
  [auditKey('ApprovalRequested', 'q'), { action: 'ApprovalRequested', ...about, callDigest: digest }],
  [
    auditKey('ApprovalApproved', 'q'),
    { action: 'ApprovalApproved', actor: 'alice@acme.com', ...about, callDigest: digest },
  ],
  [auditKey('ToolExecuting', 'u', '1.0'), { action: 'ToolExecuting', ...about }],
  [auditKey('ToolExecuted', 'u', '1.0'), { action: 'ToolExecuted', ...about, outcome: 'Succeeded' }],
  [auditKey('RunEnded', 'u'), { action: 'RunEnded', run: 'r', outcome: 'Succeeded' }],
] as const

/** What is there when a gated run went as it should. */
const whole = (): Evidence => ({
  expected: [expectedRun('n', 'r', 'gated')],
  toolCalls: [{ seq: 1, tool: 'desk.pay', params, idempotencyKey: 'u-1.0' }],
  runs: [
    {
      metadata: { name: 'r', namespace: 'n', uid: 'u' },
      spec: {},
      status: {
        phase: 'Succeeded',
        output: 'done',
        steps: [
          { type: 'Model' },
          { type: 'ToolCall', id: '1.0', state: 'Succeeded', result: 'desk.pay: ok' },
          { type: 'Model' },
        ],
      },
    } as unknown as AgentRun,
  ],
  requests: [
    {
      metadata: { name: 'r-1-0', namespace: 'n', uid: 'q' },
      spec: {
        runRef: { name: 'r', uid: 'u' },
        callID: '1.0',
        params,
        requiredApprovals: 1,
        callDigest: digest,
      },
      status: {
        phase: 'Approved',
        decisions: [{ reviewer: 'alice@acme.com', verdict: 'Approve' }],
      },
    } as unknown as ApprovalRequest,
  ],
  records: chained(ENTRIES),
})

const without = (action: string) => chained(ENTRIES.filter(([, entry]) => entry.action !== action))

describe('the checker', () => {
  it('finds nothing where everything is as it should be', () => {
    expect(faultsIn(whole())).toEqual([])
  })

  /** The same evidence, but for this of its run or its request. */
  const withRun =
    (status: object, metadata: object = {}) =>
    ({ runs, ...rest }: Evidence) => ({
      ...rest,
      runs: runs.map(one => ({
        ...one,
        metadata: { ...one.metadata, ...metadata },
        status: { ...one.status, ...status } as NonNullable<AgentRun['status']>,
      })),
    })
  const withRequest =
    (status: object) =>
    ({ requests }: Evidence) => ({
      requests: requests.map(one => ({ ...one, status: { ...one.status, ...status } })),
    })
  const steps = (...states: string[]) =>
    states.map((state, index) => ({ type: 'ToolCall', id: `1.${index}`, state }))

  it.each<[string, (evidence: Evidence) => Partial<Evidence>, RegExp]>([
    ['a call that was made twice', e => ({ toolCalls: [...e.toolCalls, ...e.toolCalls] }), /made 2 times/],
    ['a call that was never made', () => ({ toolCalls: [] }), /never made/],
    [
      'a call with other parameters',
      e => ({ toolCalls: e.toolCalls.map(one => ({ ...one, params: { ...params, amount: 1 } })) }),
      /other parameters/,
    ],
    [
      'a call of another tool',
      e => ({ toolCalls: e.toolCalls.map(one => ({ ...one, tool: 'desk.refund' })) }),
      /made to desk.refund/,
    ],
    [
      'a call that nobody asked for',
      e => ({
        toolCalls: [...e.toolCalls, { seq: 2, tool: 'desk.pay', params, idempotencyKey: 'u-2.0' }],
      }),
      /belongs to no run/,
    ],
    ['a run that stalls', withRun({ phase: 'AwaitingApproval' }), /should be Succeeded/],
    ['a run that is held', withRun({}, { finalizers: ['x'] }), /held by its finalizer/],
    ['a run that is gone', () => ({ runs: [] }), /is gone/],
    ['a trace that says nothing of a call', withRun({ steps: [] }), /not in the trace/],
    [
      'a trace with a call too many',
      withRun({ steps: steps('Succeeded', 'Succeeded') }),
      /1.1 that nobody asked for/,
    ],
    ['a trace that denies a call', withRun({ steps: steps('Rejected') }), /trace says Rejected/],
    ['a run that ends with other words', withRun({ output: 'no' }), /other words/],
    [
      'a trace that shows another answer',
      withRun({ steps: steps('Succeeded').map(one => ({ ...one, result: 'no' })) }),
      /another answer to call 1.0/,
    ],
    [
      'an end of a call that is recorded otherwise',
      () => ({
        records: chained(
          ENTRIES.map(([key, entry]) => [
            key,
            'outcome' in entry && 'tool' in entry ? { ...entry, outcome: 'Failed' } : entry,
          ]),
        ),
      }),
      /recorded as Failed, and the trace says Succeeded/,
    ],
    ['a request that stays open', withRequest({ phase: 'Pending' }), /is Pending/],
    ['a request that is gone', () => ({ requests: [] }), /has no request/],
    [
      'an approval that nobody gave',
      withRequest({ decisions: [] }),
      /approved by 0 of 1[\s\S]*did not give it/,
    ],
    [
      'an approval beside a rejection',
      withRequest({
        decisions: [
          { reviewer: 'alice@acme.com', verdict: 'Approve' },
          { reviewer: 'bob@acme.com', verdict: 'Reject' },
        ],
      }),
      /and rejected/,
    ],
    ['a start that is not recorded', () => ({ records: without('RunStarted') }), /start is not recorded/],
    ['an end that is not recorded', () => ({ records: without('RunEnded') }), /end is not recorded/],
    [
      'a request that is not recorded',
      () => ({ records: without('ApprovalRequested') }),
      /request of call 1.0 is not recorded/,
    ],
    [
      'a verdict that is not recorded',
      () => ({ records: without('ApprovalApproved') }),
      /end of the request of call 1.0 is not recorded/,
    ],
    [
      'an intent that is not recorded',
      () => ({ records: without('ToolExecuting') }),
      /intent is not recorded/,
    ],
    [
      'a call whose end is not recorded',
      () => ({ records: without('ToolExecuted') }),
      /made and its end is not recorded/,
    ],
    [
      'records in another order',
      () => ({ records: chained([...ENTRIES.slice(0, 2), ENTRIES[3], ENTRIES[2], ...ENTRIES.slice(4)]) }),
      /not in order/,
    ],
    [
      'a record that is there twice',
      () => ({ records: chained([...ENTRIES, ENTRIES[4]]) }),
      /recorded twice/,
    ],
    ['a record that is missing', e => ({ records: e.records.slice(1) }), /does not name the hash/],
    [
      'a record that was changed',
      e => ({
        records: e.records.map((record, index) =>
          index === 2
            ? {
                ...record,
                spec: { ...record.spec, entries: record.spec.entries.map(one => ({ ...one, actor: 'bob' })) },
              }
            : record,
        ),
      }),
      /hash that is not of what it says/,
    ],
  ])('finds %s', (_, tamper, fault) => {
    const evidence = whole()
    const changed = { ...evidence, ...tamper(evidence) }
    expect(faultsIn(changed).join('\n')).toMatch(fault)
  })

  describe('where an operator died over a call', () => {
    const times = { startedAt: '2026-11-23T06:00:01.000Z', finishedAt: '2026-11-23T06:00:09.000Z' }
    const at = (seconds: number) => Date.parse(`2026-11-23T06:00:0${seconds}.000Z`)
    const unknown = chained([
      ...ENTRIES.slice(0, 4),
      [auditKey('ToolExecuted', 'u', '1.0'), { action: 'ToolExecuted', ...about, outcome: 'Unknown' }],
      [auditKey('RunEnded', 'u'), { action: 'RunEnded', run: 'r', outcome: 'Failed' }],
    ])
    /** A run that failed as its call was lost. */
    const lost = (diedAt: readonly number[], status: object = {}): Evidence => {
      const evidence = whole()
      return {
        ...evidence,
        ...withRun({
          phase: 'Failed',
          failure: { reason: 'OutcomeUnknown', message: '' },
          steps: [{ type: 'Model' }, { type: 'ToolCall', id: '1.0', state: 'Unknown', ...times }],
          ...status,
        })(evidence),
        expected: evidence.expected.map(one => ({ ...one, diedAt })),
        records: unknown,
      }
    }

    it('takes it that nobody knows, whether it was made or not', () => {
      expect(faultsIn(lost([at(5)]))).toEqual([])
      expect(faultsIn({ ...lost([at(5)]), toolCalls: [] })).toEqual([])
    })

    it.each<[string, Evidence, RegExp]>([
      ['an operator that died before the call was begun', lost([at(0)]), /no operator ended/],
      ['no operator that died', lost([]), /no operator ended/],
      [
        'a run that failed for something else',
        lost([at(5)], { failure: { reason: 'ModelError', message: '' } }),
        /Failed \(ModelError\) and should be/,
      ],
      [
        'a run that failed and whose calls are all known',
        lost([at(5)], { steps: steps('Succeeded') }),
        /Failed \(OutcomeUnknown\) and should be/,
      ],
      [
        'a lost call that was made twice',
        { ...lost([at(5)]), toolCalls: [...whole().toolCalls, ...whole().toolCalls] },
        /made 2 times/,
      ],
    ])('finds %s', (_, evidence, fault) => {
      expect(faultsIn(evidence).join('\n')).toMatch(fault)
    })

    const parallel = (second: object, requests: Evidence['requests'] = []): Evidence => {
      const evidence = lost([at(5)])
      const [expected] = evidence.expected
      const call = {
        tool: 'desk.refund',
        params,
        arrives: 'Once',
        request: ['Approved'],
        result: '',
      } as const
      return {
        ...evidence,
        ...withRun({ steps: [...steps('Unknown').map(one => ({ ...one, ...times })), second] })(evidence),
        expected: [{ ...(expected as ExpectedRun), calls: { ...expected?.calls, '1.1': call } }],
        requests: [...evidence.requests, ...requests],
      }
    }

    it('takes it that the run did not come to the others', () => {
      expect(faultsIn(parallel({ type: 'ToolCall', id: '1.1', state: 'NotExecuted' }))).toEqual([])
    })

    it('finds another call that is said to be made and never arrived', () => {
      const faults = faultsIn(parallel({ type: 'ToolCall', id: '1.1', state: 'Succeeded' })).join('\n')
      expect(faults).toMatch(/call 1.1 was never made/)
    })
  })

  it('finds a call that is missing where no operator died', () => {
    const evidence = whole()
    const [expected] = evidence.expected
    const missing = { tool: 'desk.look', params, arrives: 'Once', result: '' } as const
    const faults = faultsIn({
      ...evidence,
      expected: [{ ...(expected as ExpectedRun), calls: { ...expected?.calls, '2.0': missing } }],
    })
    expect(faults.join('\n')).toMatch(/call 2.0 was never made/)
  })
})
