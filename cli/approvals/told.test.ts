import { describe, expect, it } from 'vitest'
import type { ApprovalRequest, NotificationEntry } from '../../crds/v1alpha1/approvalrequest.ts'
import { anApproval, NOW } from '../testing.ts'
import { toldLines } from './told.ts'

const at = '2026-11-22T16:59:30Z'
const entry = (more: Partial<NotificationEntry> = {}): NotificationEntry => ({
  event: 'Requested',
  channel: 'Email',
  target: 'carol@acme.com',
  state: 'Sent',
  attempts: 1,
  at,
  ...more,
})
const lines = (
  notifications: readonly NotificationEntry[],
  spec: Partial<ApprovalRequest['spec']> = {},
  status: Partial<ApprovalRequest['status']> = {},
) => toldLines(anApproval({ spec, status: { notifications: [...notifications], ...status } }), NOW)

describe('who was told of a request', () => {
  it('is said with whom it did not reach first, and why', () => {
    const condition = {
      type: 'Notified',
      status: 'False',
      reason: 'SomeNotTold',
      message: 'Not told: ops (by webhook): refused. Told: 1 by e-mail.',
      lastTransitionTime: at,
    } as const
    const ops = { channel: 'Webhook', target: 'ops' } as const
    expect(
      lines(
        [
          entry(),
          entry({ event: 'Reminded', channel: 'InApp' }),
          entry({ ...ops, state: 'Retrying', attempts: 3, lastError: 'refused' }),
          entry({ ...ops, event: 'Decided', state: 'Failed', lastError: 'gone' }),
          entry({ target: 'bob@acme.com', state: 'Retrying', attempts: 0 }),
        ],
        {},
        { conditions: [condition] },
      ),
    ).toEqual([
      'Not told: ops (by webhook): refused. Told: 1 by e-mail.',
      'not yet  ops by webhook: refused (tried 3 times, and again)',
      'not told  ops told of the end by webhook: gone',
      'on its way  bob@acme.com by e-mail',
      '2026-11-22 16:59:30Z (30s ago)  carol@acme.com by e-mail',
      '2026-11-22 16:59:30Z (30s ago)  carol@acme.com reminded in the page',
    ])
  })

  it('is nothing where nothing is known', () => {
    expect(lines([])).toEqual([])
  })

  it('says when it reminds and escalates, and to whom, as long as it has not', () => {
    const spec = { remindAfterSeconds: 120, escalateAfterSeconds: 900, escalateTo: ['night-shift'] }
    expect(lines([], spec)).toEqual(['it reminds in 60s, escalates to night-shift in 14m'])
    expect(lines([], { ...spec, remindAfterSeconds: 30 })[0]).toContain('it reminds now')
    expect(lines([entry({ event: 'Reminded' })], spec).at(-1)).toBe('it escalates to night-shift in 14m')
    expect(lines([], spec, { phase: 'Approved' })).toEqual([])
    // Not after its end.
    expect(lines([], { remindAfterSeconds: 3600 })).toEqual([])
  })

  it('is cut where it is long, and shows nothing that a terminal would act on', () => {
    const many = Array.from({ length: 30 }, (_, i) => entry({ target: `p${i}@acme.com` }))
    expect(lines(many)).toHaveLength(21)
    expect(lines(many).at(-1)).toBe('and 10 more')
    const evil = '\u202e\u001b[2J'
    const text = lines([entry({ target: evil, state: 'Failed', lastError: evil })], {
      escalateTo: [evil],
    }).join()
    for (const character of '\u202e\u001b') expect(text).not.toContain(character)
  })
})
