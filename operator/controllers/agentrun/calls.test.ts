import { describe, expect, it } from 'vitest'
import { callStates, type Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import type { ApprovalRequest, RequestPhase } from '../../../crds/v1alpha1/approvalrequest.ts'
import {
  approvalOf,
  type CallContext,
  type CallMove,
  type CallView,
  decideCall,
  type Flight,
} from './calls.ts'
import { TEXTS } from './texts.ts'

const going: CallContext = {
  stopping: false,
  draining: false,
  trusted: true,
  onRejection: 'Fail',
  retryUnknown: false,
}

const flights: Record<Flight['state'], Flight> = {
  None: { state: 'None' },
  Fenced: { state: 'Fenced' },
  Calling: { state: 'Calling' },
  Done: { state: 'Done', outcome: { kind: 'Result', text: 'paid', sent: true } },
}

const aRequest = (phase: RequestPhase, onRejection: 'Fail' | 'Continue' = 'Fail'): ApprovalRequest =>
  ({
    metadata: { name: 'run-1-0', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { tool: 'shop.pay', onRejection, timeoutSeconds: 60 },
    status: {
      phase,
      decidedAt: '2026-01-01T00:00:05Z',
      decisions:
        phase === 'Approved' || phase === 'Rejected'
          ? [
              {
                reviewer: 'ann',
                verdict: phase === 'Approved' ? 'Approve' : 'Reject',
                reason: 'so',
                via: 'Web',
              },
            ]
          : [],
    },
  }) as unknown as ApprovalRequest

interface Case {
  readonly state: NonNullable<Step['state']>
  readonly gated?: boolean
  readonly request?: ApprovalRequest | undefined
  readonly flight?: Flight['state']
  readonly stored?: TurnResult
  readonly context?: Partial<CallContext>
}

const decide = ({ state, gated, request, flight = 'None', stored, context }: Case): CallMove => {
  const view: CallView = {
    step: {
      type: 'ToolCall',
      id: '1.0',
      tool: 'shop.pay',
      state,
      ...(gated || request ? { approvalRequest: 'run-1-0' } : {}),
    },
    call: { id: '1.0', providerCallID: 'x', tool: 'shop.pay', params: {} },
    request,
    flight: flights[flight],
    stored,
  }
  return decideCall(view, { ...going, ...context })
}

/** The move in a word: `Close Rejected`, with `!` and the failure's reason where it ends the run. */
const word = (one: Case): string => {
  const move = decide(one)
  if (move.move !== 'Close') return move.move
  return `Close ${move.state}${move.failure ? ` !${move.failure.reason}` : ''}`
}

const stopping = { stopping: true }
const draining = { draining: true }
const untrusted = { trusted: false }

describe('the next move for a call that is Pending', () => {
  it.each<[string, Omit<Case, 'state'>, string]>([
    ['free', {}, 'Execute'],
    ['free, the run stops', { context: stopping }, 'Close NotExecuted'],
    ['free, the process drains', { context: draining }, 'Stay'],
    ['free, the policies were not seen', { context: untrusted }, 'Stay'],
    ['free, with a fence of a write that was lost', { flight: 'Fenced' }, 'Execute'],
    ['free, at the tool already (what was read is old)', { flight: 'Calling' }, 'Stay'],
    ['free, called already', { flight: 'Done' }, 'Stay'],
    ['gated', { gated: true }, 'Open'],
    ['gated, the policies were not seen', { gated: true, context: untrusted }, 'Open'],
    ['gated, the run stops', { gated: true, context: stopping }, 'Close NotExecuted'],
    [
      'free, though the model was told that it was not executed',
      { stored: { id: '1.0', kind: 'NotExecuted', text: 'no' } },
      'Close NotExecuted',
    ],
  ])('%s', (_what, one, move) => expect(word({ state: 'Pending', ...one })).toBe(move))
})

describe('the next move for a call that is AwaitingApproval', () => {
  const told = (text: string): TurnResult => ({ id: '1.0', kind: 'NotExecuted', text })
  it.each<[string, Omit<Case, 'state'>, string]>([
    ['its request is gone', { gated: true }, 'Open'],
    ['its request is gone, the run stops', { gated: true, context: stopping }, 'Close Cancelled'],
    ['undecided', { request: aRequest('Pending') }, 'Stay'],
    ['undecided, the run stops', { request: aRequest('Pending'), context: stopping }, 'Cancel'],
    ['approved', { request: aRequest('Approved') }, 'Execute'],
    ['approved, the run stops', { request: aRequest('Approved'), context: stopping }, 'Close NotExecuted'],
    ['approved, the process drains', { request: aRequest('Approved'), context: draining }, 'Stay'],
    ['approved, the policies were not seen', { request: aRequest('Approved'), context: untrusted }, 'Stay'],
    ['approved, at the tool already', { request: aRequest('Approved'), flight: 'Calling' }, 'Stay'],
    ['approved, called already', { request: aRequest('Approved'), flight: 'Done' }, 'Stay'],
    [
      'approved, but found changed before a crash',
      { request: aRequest('Approved'), stored: told(TEXTS.callChanged) },
      'Close NotExecuted !CallChanged',
    ],
    [
      'approved, but found changed before a crash, and the run goes on',
      { request: aRequest('Approved', 'Continue'), stored: told(TEXTS.callChanged) },
      'Close NotExecuted',
    ],
    [
      'approved, but told as not executed before a crash',
      { request: aRequest('Approved'), stored: told(TEXTS.stopped) },
      'Close NotExecuted',
    ],
    ['rejected', { request: aRequest('Rejected') }, 'Close Rejected !ApprovalRejected'],
    ['rejected, and the run goes on', { request: aRequest('Rejected', 'Continue') }, 'Close Rejected'],
    ['rejected, the run stops', { request: aRequest('Rejected'), context: stopping }, 'Close Rejected'],
    ['expired', { request: aRequest('Expired') }, 'Close Expired !ApprovalExpired'],
    ['expired, and the run goes on', { request: aRequest('Expired', 'Continue') }, 'Close Expired'],
    ['cancelled', { request: aRequest('Cancelled') }, 'Close Cancelled !ApprovalCancelled'],
    ['cancelled, and the run goes on', { request: aRequest('Cancelled', 'Continue') }, 'Close Cancelled'],
    ['cancelled, the run stops', { request: aRequest('Cancelled'), context: stopping }, 'Close Cancelled'],
  ])('%s', (_what, one, move) => expect(word({ state: 'AwaitingApproval', ...one })).toBe(move))
})

describe('the next move for a call that is Executing', () => {
  const again = { retryUnknown: true }
  const approved = aRequest('Approved')
  it.each<[string, Omit<Case, 'state'>, string]>([
    ['at the tool', { flight: 'Calling' }, 'Stay'],
    ['at the tool, the run stops', { flight: 'Calling', context: stopping }, 'Stay'],
    ['done', { flight: 'Done' }, 'Close Succeeded'],
    ['done, the run stops', { flight: 'Done', context: stopping }, 'Close Succeeded'],
    ['done, the policies were not seen', { flight: 'Done', context: untrusted }, 'Close Succeeded'],
    ['not called yet', { flight: 'Fenced', request: approved }, 'Resume'],
    ['not called yet, the process drains', { flight: 'Fenced', context: draining }, 'Resume'],
    ['not called yet, this process may lead no more', { flight: 'Fenced', context: untrusted }, 'Stay'],
    ['not called yet, the run stops', { flight: 'Fenced', context: stopping }, 'Close NotExecuted'],
    ['by a process that is gone, gated', { request: approved }, 'Close Unknown !OutcomeUnknown'],
    [
      'by a process that is gone, gated, and the run goes on',
      { request: aRequest('Approved', 'Continue') },
      'Close Unknown',
    ],
    [
      'by a process that is gone, gated, of a toolset that may be retried',
      { request: approved, context: again },
      'Close Unknown !OutcomeUnknown',
    ],
    [
      'by a process that is gone, gated, its request gone too',
      { gated: true, context: again },
      'Close Unknown !OutcomeUnknown',
    ],
    ['by a process that is gone, free', {}, 'Close Unknown !OutcomeUnknown'],
    [
      'by a process that is gone, free, and the run goes on',
      { context: { onRejection: 'Continue' } },
      'Close Unknown',
    ],
    ['by a process that is gone, free, may be retried', { context: again }, 'Retry'],
    [
      'by a process that is gone, free, may be retried, the policies were not seen',
      { context: { ...again, ...untrusted } },
      'Stay',
    ],
    [
      'by a process that is gone, free, may be retried, draining',
      { context: { ...again, ...draining } },
      'Stay',
    ],
    [
      'by a process that is gone, free, may be retried, the run stops',
      { context: { ...again, ...stopping } },
      'Close Unknown',
    ],
    ['its result is stored', { stored: { id: '1.0', kind: 'Result', text: 'paid' } }, 'Close Succeeded'],
    ['its error is stored', { stored: { id: '1.0', kind: 'Error', text: 'no' } }, 'Close Failed'],
    [
      'its loss is stored, and the run was not failed for it yet',
      { stored: { id: '1.0', kind: 'Unknown', text: '?' } },
      'Close Unknown !OutcomeUnknown',
    ],
    [
      'its loss is stored, and the run goes on',
      { stored: { id: '1.0', kind: 'Unknown', text: '?' }, context: { onRejection: 'Continue' } },
      'Close Unknown',
    ],
  ])('%s', (_what, one, move) => expect(word({ state: 'Executing', ...one })).toBe(move))
})

/** Every combination there is. */
const all: Case[] = callStates.flatMap(state =>
  ([undefined, 'Pending', 'Approved', 'Rejected', 'Expired', 'Cancelled'] as const).flatMap(phase =>
    (['Fail', 'Continue'] as const).flatMap(onRejection =>
      (Object.keys(flights) as Flight['state'][]).flatMap(flight =>
        [false, true].flatMap(isStopping =>
          [false, true].flatMap(isDraining =>
            [false, true].flatMap(trusted =>
              [false, true].flatMap(retryUnknown =>
                [false, true].flatMap(gated =>
                  ([undefined, 'Result', 'Error', 'NotExecuted', 'Unknown'] as const).map(kind => ({
                    state,
                    gated: gated || phase !== undefined,
                    request: phase && aRequest(phase, onRejection),
                    flight,
                    ...(kind ? { stored: { id: '1.0', kind, text: 'told' } } : {}),
                    context: {
                      stopping: isStopping,
                      draining: isDraining,
                      trusted,
                      retryUnknown,
                      onRejection,
                    },
                  })),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  ),
)

const BEGINS = new Set(['Execute', 'Resume', 'Retry'])

describe('in every combination', () => {
  const moves = all.map(one => ({ one, move: decide(one) }))
  const begun = moves.filter(({ move }) => BEGINS.has(move.move))

  it('a gated call begins only with an approved request', () => {
    for (const { one, move } of begun) {
      if (!one.gated) continue
      if (move.move === 'Resume') continue // Its request is checked again where it begins (verifyApproved).
      expect(one.request?.status.phase, JSON.stringify(one)).toBe('Approved')
    }
  })

  it('no gated call is made again', () => {
    for (const { one, move } of begun) if (move.move === 'Retry') expect(one.gated).toBe(false)
  })

  it('nothing begins in a run that stops, in a process that is not trusted, or after the model was told', () => {
    expect(begun.length).toBeGreaterThan(0)
    for (const { one } of begun) {
      expect(one.context).toMatchObject({ stopping: false, trusted: true })
      expect(one.stored).toBeUndefined()
      expect(['None', 'Fenced']).toContain(one.flight)
    }
  })

  it('a call that is over is left alone', () => {
    const over = moves.filter(({ one }) => !['Pending', 'AwaitingApproval', 'Executing'].includes(one.state))
    expect(over.filter(({ move }) => move.move !== 'Stay')).toEqual([])
  })

  it('a run that stops is not failed for another reason by it', () => {
    for (const { one, move } of moves) {
      if (one.context?.stopping && move.move === 'Close') expect(move.failure).toBeUndefined()
    }
  })

  it('the model is told no name of a reviewer', () => {
    for (const { move } of moves) if (move.move === 'Close') expect(move.text).not.toContain('ann')
  })
})

describe('the outcome of a request in the trace', () => {
  it.each([
    ['Approved', { verdict: 'Approved', reviewers: ['ann'], waitedSeconds: 5, reason: 'so' }],
    ['Rejected', { verdict: 'Rejected', reviewers: ['ann'], waitedSeconds: 5, reason: 'so' }],
    ['Expired', { verdict: 'Expired', reviewers: [], waitedSeconds: 5 }],
    ['Cancelled', { verdict: 'Cancelled', reviewers: [], waitedSeconds: 5 }],
  ] as const)('%s', (phase, outcome) => expect(approvalOf(aRequest(phase))).toEqual(outcome))
})
