import { describe, expect, test } from 'vitest'
import { deliveriesOf, NOTIFICATIONS_REASONS } from './delivery.ts'

const found = (status: 'True' | 'False' | 'Unknown', reason: string) => ({
  status: {
    conditions: [
      {
        type: 'NotificationsReady',
        status,
        reason,
        message: 'There is no Secret countersign-smtp.',
        lastTransitionTime: '2026-11-23T03:00:00Z',
      },
    ],
  },
})
const problem = 'There is no Secret countersign-smtp.'

describe('what an installation delivers', () => {
  test.each([
    ['where nothing is known', {}],
    ['where all is ready', found('True', NOTIFICATIONS_REASONS.ready)],
    ['where the operator has not looked yet', found('Unknown', 'Looking')],
  ])('should be everything %s', (_, project) => {
    expect(Object.values(deliveriesOf(project)).map(({ delivers, problem }) => [delivers, problem])).toEqual([
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ])
  })

  test.each([
    [NOTIFICATIONS_REASONS.email, false, problem, undefined],
    [NOTIFICATIONS_REASONS.webhooks, true, undefined, problem],
    [NOTIFICATIONS_REASONS.both, false, problem, problem],
    // A reason of another version: better too much said than nothing.
    ['SomethingElse', false, problem, problem],
  ])('should say what is not ready: %s', (reason, mails, ofMail, ofWebhooks) => {
    const { email, inApp, webhooks } = deliveriesOf(found('False', reason))
    expect(email).toMatchObject({ delivers: mails })
    expect([email.problem, inApp.problem, webhooks.problem]).toEqual([ofMail, undefined, ofWebhooks])
    expect([inApp.delivers, webhooks.delivers]).toEqual([true, true])
  })
})
