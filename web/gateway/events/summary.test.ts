import { describe, expect, test } from 'vitest'
import type { ApprovalRequest, NotificationEntry } from '../../../crds/v1alpha1/approvalrequest.ts'
import { approvalTeller } from './summary.ts'

const created = '2026-11-23T03:00:00Z'
const at = '2026-11-23T03:10:00Z'

const request = (
  notifications: readonly NotificationEntry[],
  status: Partial<ApprovalRequest['status']> = {},
): ApprovalRequest =>
  ({
    metadata: { name: 'a', namespace: 'shop', uid: 'u', creationTimestamp: created },
    spec: {
      agentRef: { name: 'orders' },
      runRef: { name: 'run', uid: 'r' },
      tool: 'order_tools.process_refund',
      timeoutSeconds: 3600,
      requiredApprovals: 2,
    },
    status: { phase: 'Pending', decisions: [], notifications, ...status },
  }) as unknown as ApprovalRequest

const entry = (more: Partial<NotificationEntry>): NotificationEntry => ({
  event: 'Requested',
  channel: 'Email',
  target: 'alice@acme.com',
  state: 'Retrying',
  ...more,
})
const inPage = (event: NotificationEntry['event'], target = 'alice@acme.com') =>
  entry({ event, channel: 'InApp', target, state: 'Sent', at })
const decided = { decisions: [{ reviewer: 'bob@acme.com', verdict: 'Approve', via: 'Web' }] } as const

/** The events of a request that becomes these, one after the other. */
function told(...states: readonly ApprovalRequest[]): (string | undefined)[] {
  let before = approvalTeller.summary(states[0] as ApprovalRequest)
  return states.slice(1).map(state => {
    const now = approvalTeller.summary(state)
    const event = now.mark === before.mark ? undefined : approvalTeller.tell(state, before, at)?.type
    before = now
    return event
  })
}

describe('what is told of a request whose notifications are written', () => {
  test('should be nothing, however often, by whatever way and with whatever end', () => {
    const notified = (status: string) =>
      ({ conditions: [{ type: 'Notified', status, reason: 'x', message: 'x' }] }) as never
    const all = [inPage('Requested'), entry({}), entry({ channel: 'Webhook', target: 'ops' })]
    expect(
      told(
        request([]),
        request(all),
        request(all, notified('Unknown')),
        request([entry({ attempts: 3, lastError: 'refused' }), ...all], notified('False')),
        request([entry({ state: 'Sent', at }), entry({ event: 'Reminded', state: 'Sent', at })]),
      ),
    ).toEqual([undefined, undefined, undefined, undefined])
  })

  test('should be that it was reminded of and escalated in the page, once each, for however many people', () => {
    expect(
      told(
        request([inPage('Requested')]),
        request([inPage('Requested'), inPage('Reminded')]),
        request([inPage('Requested'), inPage('Reminded'), inPage('Reminded', 'bob@acme.com')]),
        request([inPage('Reminded'), inPage('Escalated')]),
        request([inPage('Reminded'), inPage('Escalated'), inPage('Escalated', 'night-shift')]),
      ),
    ).toEqual(['ApprovalReminded', undefined, 'ApprovalEscalated', undefined])
  })

  test('should be that somebody decided, or that it was settled, as ever', () => {
    const reminded = [inPage('Reminded')]
    expect(
      told(
        request(reminded),
        request(reminded, decided as never),
        request([...reminded, inPage('Decided')], { ...decided, phase: 'Approved' } as never),
        request([...reminded, inPage('Escalated')], { ...decided, phase: 'Approved' } as never),
      ),
    ).toEqual(['ApprovalDecided', 'ApprovalSettled', undefined])
  })
})
