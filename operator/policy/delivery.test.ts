import { describe, expect, test } from 'vitest'
import { notificationsReady, type Obstacles } from '../notify/project/readiness.ts'
import { deliveriesOf } from './delivery.ts'

const spec = {
  members: [{ user: 'alice@acme.com', role: 'Owner', email: 'alice@acme.com' } as const],
}
const noMail = 'there is no Secret countersign-smtp.'
const noSecret = new Map([['ops', 'there is no Secret ops.']])

/** What is delivered by what the operator itself would say of these obstacles. */
const delivered = (obstacles: Partial<Obstacles>) => {
  const condition = notificationsReady(spec, { mail: undefined, webhooks: new Map(), ...obstacles })
  const conditions = [{ ...condition, lastTransitionTime: '2026-11-23T03:00:00Z' }]
  return { said: condition.message, ...deliveriesOf({ status: { conditions } }) }
}

describe('what an installation delivers', () => {
  test('should be everything where nothing is known to be wrong', () => {
    for (const { email, inApp, webhooks } of [deliveriesOf({}), delivered({})]) {
      expect([email.delivers, inApp.delivers, webhooks.delivers]).toEqual([true, true, true])
      expect([email.problem, inApp.problem, webhooks.problem]).toEqual([undefined, undefined, undefined])
    }
  })

  test.each([
    ['no mail can be sent', { mail: noMail }, false, true, false],
    ['a webhook cannot be called', { webhooks: noSecret }, true, false, true],
    ['neither', { mail: noMail, webhooks: noSecret }, false, true, true],
  ])('should say what is wrong where it is: %s', (_, obstacles, mails, ofMail, ofWebhooks) => {
    const { said, email, inApp, webhooks } = delivered(obstacles)
    expect(email.delivers).toBe(mails)
    expect(email.problem).toBe(ofMail ? said : undefined)
    expect(webhooks.problem).toBe(ofWebhooks ? said : undefined)
    // Others may be right.
    expect([inApp.delivers, inApp.problem, webhooks.delivers]).toEqual([true, undefined, true])
  })
})
