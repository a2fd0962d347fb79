import { expect, test } from 'vitest'
import type { NotificationPreview } from '../api/types.ts'
import { noAgents, silence } from './hearing.ts'

const preview = (change: Partial<NotificationPreview['channels']> = {}): NotificationPreview => ({
  items: [],
  withoutAddress: ['night'],
  channels: {
    email: { delivers: false, message: '' },
    inApp: { delivers: true, message: '' },
    webhooks: { delivers: false, message: '' },
    ...change,
  },
})
const sends = { delivers: true, message: '' }
const item = { agent: 'orders', email: [], inApp: [], webhooks: [] }

test.each([
  ['is told in the page', { inApp: ['bob'] }, preview(), undefined],
  ['has every channel off', {}, preview(), /neither e-mail nor the page/],
  ['is told by e-mail alone, which is not sent', { email: ['bob'] }, preview(), /by e-mail alone/],
  ['is told by e-mail, which is sent', { email: ['bob'] }, preview({ email: sends }), undefined],
  ['is told by e-mail to whom has no address', { email: ['night'] }, preview({ email: sends }), /no address/],
  ['is told by webhook, which is called', { webhooks: ['chat'] }, preview({ webhooks: sends }), undefined],
  ['has a webhook alone, which is not called', { webhooks: ['chat'] }, preview(), /by webhook alone/],
])('an agent that %s', (_, told, facts, expected) => {
  const said = silence({ ...item, ...told }, facts)
  if (expected === undefined) expect(said).toBeUndefined()
  else expect(said).toMatch(expected)
})

test('a name that no agent has is noticed, with a trailing * too', () => {
  expect(noAgents(['*', 'order-*', 'stock', 'stok', 'x*'], ['order-manager', 'stock'])).toEqual([
    'stok',
    'x*',
  ])
})
