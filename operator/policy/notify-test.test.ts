import { describe, expect, test } from 'vitest'
import type { Member, Notifications } from '../../crds/v1alpha1/project.ts'
import { formatTest, memberOf, parseTest, reachable, testTargets } from './notify-test.ts'

describe('the annotation that asks for a test', () => {
  test.each([
    { id: 'k3u5hq2m', channel: 'Webhook', target: 'ops' },
    { id: 'a.B-9_', channel: 'Webhook', target: 'ops and  chat ' },
    { id: 'x'.repeat(64), channel: 'Email', target: 'carol@acme.com' },
    { id: '1', channel: 'Email', target: 'Email Webhook' },
    { id: '1', channel: 'Webhook', target: 'ä'.repeat(320) },
  ] as const)('should be read as it was written: %j', wanted => {
    expect(parseTest(formatTest(wanted))).toEqual(wanted)
  })

  test.each([
    undefined,
    '',
    'k3u5hq2m',
    'k3u5hq2m Webhook',
    'k3u5hq2m Webhook ',
    'k3u5hq2m Webhook  ops',
    ' k3u5hq2m Webhook ops',
    'k3u5hq2m webhook ops',
    'k3u5hq2m InApp carol@acme.com',
    'k3u5hq2m Email carol@acme.com\r\nBcc: mallory@acme.com',
    'k3u5hq2m Email carol@acme.com\n',
    `${'x'.repeat(65)} Webhook ops`,
    `k3u5hq2m Webhook ${'x'.repeat(321)}`,
    'k3/u5 Webhook ops',
  ])('should ask for nothing as %j', text => {
    expect(parseTest(text)).toBeUndefined()
  })
})

describe('what a test can be sent on', () => {
  const members: Member[] = [
    { user: 'alice@acme.com', role: 'Owner', email: 'alice@acme.com' },
    { user: 'bob@acme.com', role: 'Admin' },
    { group: 'night-shift', role: 'Member', email: 'night@acme.com' },
    { group: 'alice@acme.com', role: 'Member' },
  ]
  const webhook = { name: 'ops', urlSecretRef: { name: 'ops', key: 'url' }, format: 'Generic' } as const
  const notifications: Notifications = { webhooks: [webhook] }
  const spec = { members, notifications }

  test.each([
    ['Webhook', 'ops', 'Yes'],
    ['Webhook', 'Ops', 'Absent'],
    ['Webhook', 'alice@acme.com', 'Absent'],
    ['Email', 'alice@acme.com', 'Yes'],
    ['Email', 'night-shift', 'Yes'],
    ['Email', 'bob@acme.com', 'NoAddress'],
    ['Email', 'mallory@acme.com', 'Absent'],
    ['Email', 'night@acme.com', 'Absent'],
    ['Email', 'ops', 'Absent'],
  ] as const)('%s %s: %s', (channel, target, expected) => {
    expect(reachable(spec, { channel, target })).toBe(expected)
  })

  test('should be no webhook where none is set', () => {
    expect(reachable({ members }, { channel: 'Webhook', target: 'ops' })).toBe('Absent')
  })

  test('should be listed: webhooks, then members with an address', () => {
    expect(testTargets(spec)).toEqual([
      { channel: 'Webhook', target: 'ops' },
      { channel: 'Email', target: 'alice@acme.com' },
      { channel: 'Email', target: 'night-shift' },
    ])
    expect(testTargets({ members: [] })).toEqual([])
  })

  test('should be the person where a group has the same name', () => {
    expect(memberOf(members, 'alice@acme.com')).toBe(members[0])
  })
})
