import { describe, expect, test } from 'vitest'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Member } from '../../../crds/v1alpha1/project.ts'
import { inboxOf, type Owner } from './item.ts'

const members: Member[] = [
  { user: 'alice', role: 'Owner' },
  { user: 'bob', role: 'Member' },
  { group: 'leads', role: 'Member' },
]

const at = (minutes: number) =>
  new Date(Date.UTC(2026, 10, 22, 10, minutes)).toISOString().replace('.000', '')

interface Given {
  readonly minute: number
  readonly agent?: string
  readonly by?: string
  readonly settled?: readonly ['Approved' | 'Rejected' | 'Expired' | 'Cancelled', minute: number]
  readonly deciders?: readonly string[]
}

const request = (name: string, { minute, agent = 'orders', by, settled, deciders = [] }: Given) =>
  ({
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: at(minute) },
    spec: {
      agentRef: { name: agent },
      runRef: { name: 'run', uid: 'u' },
      tool: 'order_tools.process_refund',
      timeoutSeconds: 3600,
      requiredApprovals: 2,
      requestedBy: by,
    },
    status: {
      phase: settled?.[0] ?? 'Pending',
      ...(settled === undefined ? {} : { decidedAt: at(settled[1]) }),
      decisions: deciders.map(reviewer => ({ reviewer, verdict: 'Approve' })),
    },
  }) as unknown as ApprovalRequest

const bell = (username: string, requests: readonly ApprovalRequest[], more: Partial<Owner> = {}, limit = 9) =>
  inboxOf(
    requests,
    { person: { username, groups: [] }, project: { members }, seen: undefined, ...more },
    limit,
  )

const said = ({ items, unread }: ReturnType<typeof bell>) => [
  ...items.map(item => `${item.unread ? '*' : ''}${item.type} ${item.approval.name} ${item.approval.phase}`),
  unread,
]

describe('the bell', () => {
  const requests = [
    request('a', { minute: 1, settled: ['Approved', 4], deciders: ['alice'], by: 'bob' }),
    request('b', { minute: 2 }),
    request('c', { minute: 3, settled: ['Expired', 5], by: 'bob' }),
  ]

  test('should hold requests and the verdicts of own runs, newest first, as they stand now', () => {
    expect(said(bell('bob', requests))).toEqual([
      '*RunVerdict c Expired',
      '*RunVerdict a Approved',
      '*ApprovalRequested c Expired',
      '*ApprovalRequested b Pending',
      '*ApprovalRequested a Approved',
      5,
    ])
  })

  test('should hold no verdicts of the runs of others, and take as seen what one decided oneself', () => {
    expect(said(bell('alice', requests))).toEqual([
      '*ApprovalRequested c Expired',
      '*ApprovalRequested b Pending',
      'ApprovalRequested a Approved',
      2,
    ])
  })

  test('should have as unread what is newer than what was seen, and count of it what still waits', () => {
    const found = bell('bob', requests, { seen: Date.parse(at(2)) })
    expect(said(found)).toEqual([
      '*RunVerdict c Expired',
      '*RunVerdict a Approved',
      '*ApprovalRequested c Expired',
      'ApprovalRequested b Pending',
      'ApprovalRequested a Approved',
      3,
    ])
    expect(found.waiting).toBe(0)
    expect(bell('bob', requests, { seen: Date.parse(at(1)) }).waiting).toBe(1)
    expect(bell('bob', requests, { seen: Date.parse(at(9)) })).toMatchObject({ unread: 0, waiting: 0 })
  })

  test('should count what is beyond its limit', () => {
    expect(said(bell('bob', requests, {}, 1))).toEqual(['*RunVerdict c Expired', 5])
  })

  test('should hold what is of agents that the person hears of, and the verdicts of their runs all the same', () => {
    const routes = [{ agents: ['orders'], members: ['alice'] }]
    const other = request('d', { minute: 8, agent: 'crm' })
    const project = { members, notifications: { routes } }
    expect(said(bell('bob', [...requests, other], { project }))).toEqual([
      '*ApprovalRequested d Pending',
      '*RunVerdict c Expired',
      '*RunVerdict a Approved',
      3,
    ])
  })

  test.each([
    ['who is no member', 'eve', members, {}],
    ['who started runs, and is no member any more', 'bob', members.slice(0, 1), {}],
    ['where the page is to tell of nothing', 'bob', members, { inApp: { enabled: false } }],
  ])('should be empty to those %s', (_, username, list, notifications) => {
    const project = { members: [...list], notifications }
    expect(bell(username, requests, { project })).toEqual({ items: [], unread: 0, waiting: 0 })
  })

  test('should be that of a member by a group', () => {
    const person = { username: 'dave', groups: ['leads'] }
    expect(bell('dave', requests, { person }).unread).toBe(3)
  })

  test('should tell the two items of one request apart, and show nothing of its parameters', () => {
    const { items } = bell('bob', requests)
    expect(new Set(items.map(({ id }) => id)).size).toBe(5)
    expect(Object.keys(items[0]?.approval ?? {}).sort()).toEqual(
      ['agent', 'expiresAt', 'name', 'phase', 'requestedAt', 'run', 'tool'].sort(),
    )
  })

  test('should put a verdict above its request where both are of one second', () => {
    const quick = request('q', { minute: 1, settled: ['Cancelled', 1], by: 'bob' })
    expect(bell('bob', [quick]).items.map(({ type }) => type)).toEqual(['RunVerdict', 'ApprovalRequested'])
  })
})

describe('a request that is told of again', () => {
  type Entry = NonNullable<ApprovalRequest['status']['notifications']>[number]
  const entry = (
    event: Entry['event'],
    target: string,
    minute: number,
    more: Partial<Entry> = {},
  ): Entry => ({
    event,
    channel: 'InApp',
    target,
    state: 'Sent',
    at: at(minute),
    ...more,
  })
  const told = (...notifications: readonly Entry[]): ApprovalRequest => {
    const { spec, status, ...rest } = request('a', { minute: 1 })
    return {
      ...rest,
      spec: { ...spec, remindAfterSeconds: 300, escalateAfterSeconds: 600, escalateTo: ['leads'] },
      status: { ...status, notifications: [...notifications] },
    }
  }
  const routes = [{ agents: ['orders'], members: ['alice'] }]
  const project = { members, notifications: { routes } }
  const dave = { username: 'dave', groups: ['leads'] }
  const shown = (found: ReturnType<typeof bell>) =>
    found.items.map(({ id, event, at, unread }) => [id, event, at, unread])

  test('should be unread again for who had seen it, at the time of the reminder, as another item', () => {
    const seen = Date.parse(at(3))
    const before = bell('alice', [told()], { project, seen })
    expect(shown(before)).toEqual([['uid-a-request', 'Requested', at(1), false]])
    const after = bell('alice', [told(entry('Reminded', 'alice', 6))], { project, seen })
    expect(shown(after)).toEqual([['uid-a-reminded', 'Reminded', at(6), true]])
    expect([after.unread, after.waiting]).toEqual([1, 1])
  })

  test('should come to whom it is escalated though the routes name others, by their name or their group', () => {
    const escalated = told(entry('Escalated', 'bob', 11), entry('Escalated', 'leads', 12))
    expect(shown(bell('bob', [told()], { project }))).toEqual([])
    expect(shown(bell('bob', [escalated], { project }))).toEqual([
      ['uid-a-escalated', 'Escalated', at(11), true],
    ])
    expect(shown(bell('dave', [escalated], { project, person: dave }))).toEqual([
      ['uid-a-escalated', 'Escalated', at(12), true],
    ])
    const seen = Date.parse(at(13))
    expect(bell('bob', [escalated], { project, seen }).unread).toBe(0)
  })

  test.each([
    ['a reminder of others', entry('Reminded', 'alice', 6)],
    ['a reminder to one who does not hear of the agent (any more)', entry('Reminded', 'bob', 6)],
    ['an escalation to others', entry('Escalated', 'alice', 11)],
    ['an escalation over another channel', entry('Escalated', 'bob', 11, { channel: 'Email' })],
    ['an escalation that has not been told', entry('Escalated', 'bob', 11, { state: 'Retrying' })],
    ['the request', entry('Requested', 'bob', 1)],
    ['its end', entry('Decided', 'bob', 11)],
  ])('should not come to others by %s', (_, one) => {
    expect(shown(bell('bob', [told(one)], { project }))).toEqual([])
  })

  test('should not come to a stranger, nor where nothing is told in the page', () => {
    const escalated = told(entry('Escalated', 'mallory', 11), entry('Escalated', 'bob', 11))
    expect(shown(bell('mallory', [escalated], { project }))).toEqual([])
    const off = { members, notifications: { routes, inApp: { enabled: false } } }
    expect(shown(bell('bob', [escalated], { project: off }))).toEqual([])
  })

  test('should stand once, as what was told last, whatever the order of the list', () => {
    const both = [entry('Escalated', 'alice', 11), entry('Reminded', 'alice', 6)]
    for (const list of [both, both.toReversed()]) {
      expect(shown(bell('alice', [told(...list)], { project }))).toEqual([
        ['uid-a-escalated', 'Escalated', at(11), true],
      ])
    }
  })

  test('should be no news to who has decided', () => {
    const { status, ...rest } = told(entry('Reminded', 'alice', 6))
    const decisions = [{ reviewer: 'alice', verdict: 'Approve', via: 'Web' }] as const
    const found = bell('alice', [{ ...rest, status: { ...status, decisions: [...decisions] } }], { project })
    expect(shown(found)).toEqual([['uid-a-reminded', 'Reminded', at(6), false]])
  })
})
