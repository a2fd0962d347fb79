import { describe, expect, it } from 'vitest'
import type { ApprovalRequest, ApprovalRequestSpec, Decision } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Member, Notifications, ProjectSpec } from '../../crds/v1alpha1/project.ts'
import { type Entries, NO_ADDRESS, SETTLED_FIRST } from './entries.ts'
import { planOf } from './plan.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const at = (seconds: number) => START + seconds * 1000

const alice: Member = { user: 'alice', role: 'Owner', email: 'alice@acme.com', name: 'Alice' }
const bob: Member = { user: 'bob', role: 'Member', email: 'bob@acme.com' }
const night: Member = { group: 'night', role: 'Member' }

const project = (notifications: Notifications = {}, members = [alice, bob, night]): ProjectSpec => ({
  members,
  notifications,
})
const webhook = (name: string, agents?: string[]) => ({
  name,
  urlSecretRef: { name, key: 'url' },
  format: 'Generic' as const,
  ...(agents === undefined ? {} : { agents }),
})

const request = (
  spec: Partial<ApprovalRequestSpec> = {},
  status: Partial<ApprovalRequest['status']> = {},
): ApprovalRequest =>
  ({
    metadata: { name: 'r-1-0', namespace: 'shop', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      agentRef: { name: 'orders' },
      timeoutSeconds: 3600,
      allowSelfApproval: true,
      requiredApprovals: 1,
      ...spec,
    },
    status: { phase: 'Pending', decisions: [], ...status },
  }) as unknown as ApprovalRequest

const decidedBy = (...reviewers: string[]): Decision[] =>
  reviewers.map(reviewer => ({ reviewer, verdict: 'Approve', via: 'Kubectl' }))

const plan = (
  one: ApprovalRequest,
  spec: ProjectSpec | undefined,
  { entries = [], after = 0 }: { entries?: Entries; after?: number } = {},
) => planOf(one, spec, entries, at(after))

const dueOf = (...args: Parameters<typeof plan>) =>
  plan(...args).due.map(({ event, channel, target }) => `${event} ${channel} ${target}`)

/** As if all that was due had been sent then. */
const sentAt = (after: number, ...args: Parameters<typeof plan>): Entries =>
  plan(...args).entries.map(entry =>
    entry.state === 'Retrying'
      ? { ...entry, state: 'Sent', attempts: 1, at: new Date(at(after)).toISOString() }
      : entry,
  )

describe('a request that was made', () => {
  it('is told to every member with an address, to all in the page, and to the webhooks of its agent', () => {
    const settings = { webhooks: [webhook('all'), webhook('mine', ['ord*']), webhook('other', ['crm'])] }
    const { due, entries } = plan(request(), project(settings))
    expect(due.map(({ channel, target }) => `${channel} ${target}`)).toEqual([
      'Email alice@acme.com',
      'Email bob@acme.com',
      'Webhook all',
      'Webhook mine',
    ])
    expect(due[0]).toMatchObject({ to: { address: 'alice@acme.com', name: 'Alice' } })
    expect(entries).toEqual([
      { event: 'Requested', channel: 'Email', target: 'alice@acme.com', state: 'Retrying', attempts: 0 },
      { event: 'Requested', channel: 'Email', target: 'bob@acme.com', state: 'Retrying', attempts: 0 },
      {
        event: 'Requested',
        channel: 'Email',
        target: 'night',
        state: 'Failed',
        attempts: 0,
        lastError: NO_ADDRESS,
      },
      ...['alice', 'bob', 'night'].map(target => ({
        event: 'Requested',
        channel: 'InApp',
        target,
        state: 'Sent',
        attempts: 1,
        at: '2026-01-01T00:00:00Z',
      })),
      { event: 'Requested', channel: 'Webhook', target: 'all', state: 'Retrying', attempts: 0 },
      { event: 'Requested', channel: 'Webhook', target: 'mine', state: 'Retrying', attempts: 0 },
    ])
  })

  it.each<[string, Notifications, readonly string[]]>([
    ['e-mail off', { email: { enabled: false } }, ['InApp alice', 'InApp bob', 'InApp night']],
    [
      'the page off',
      { inApp: { enabled: false } },
      ['Email alice@acme.com', 'Email bob@acme.com', 'Email night'],
    ],
    ['both off', { email: { enabled: false }, inApp: { enabled: false } }, []],
    ['a route', { routes: [{ agents: ['orders'], members: ['bob'] }] }, ['Email bob@acme.com', 'InApp bob']],
  ])('concerns, with %s, these', (_, settings, whom) => {
    expect(plan(request(), project(settings)).entries.map(one => `${one.channel} ${one.target}`)).toEqual(
      whom,
    )
  })

  it('is told to nobody where the namespace has no Project', () => {
    expect(plan(request(), undefined)).toEqual({ entries: [], due: [], nextAt: undefined })
  })

  it('is told once to two members with one address', () => {
    const desk = [alice, { ...bob, email: 'alice@acme.com' }]
    expect(dueOf(request(), project({}, desk))).toEqual(['Requested Email alice@acme.com'])
  })

  it('asks neither whoever has decided, nor by mail the starter who may not', () => {
    const quorum = request({ requiredApprovals: 2 }, { decisions: decidedBy('alice') })
    expect(dueOf(quorum, project())).toEqual(['Requested Email bob@acme.com'])
    const barred = request({ allowSelfApproval: false, requestedBy: 'bob' })
    expect(dueOf(barred, project())).toEqual(['Requested Email alice@acme.com'])
  })

  it('is not told again, and nothing is to be written, once it was', () => {
    const entries = sentAt(1, request(), project())
    expect(plan(request(), project(), { entries, after: 60 })).toEqual({
      entries,
      due: [],
      nextAt: undefined,
    })
    expect(plan(request(), project(), { entries, after: 60 }).entries).toBe(entries)
  })

  it('is told to those who join while it waits, and no more to those who left before they heard', () => {
    const before = plan(request(), project({}, [alice])).entries
    const after = plan(request(), project({}, [bob]), { entries: before })
    expect(after.due.map(({ target }) => target)).toEqual(['bob@acme.com'])
    expect(after.entries.find(({ target }) => target === 'alice@acme.com')).toMatchObject({
      state: 'Failed',
      lastError: 'it is not for them any more',
    })
  })

  it('is left as it is once its time is over: how it ended comes with its phase', () => {
    const entries = plan(request(), project()).entries
    expect(plan(request(), project(), { entries, after: 3600 })).toEqual({
      entries,
      due: [],
      nextAt: undefined,
    })
  })
})

describe('a reminder', () => {
  const reminding = request({ remindAfterSeconds: 600 })
  const entries = sentAt(1, reminding, project({ webhooks: [webhook('ops')] }))
  const settings = project({ webhooks: [webhook('ops')] })

  it('comes at its time, to those who were told and have not decided, once', () => {
    expect(plan(reminding, settings, { entries }).nextAt).toBe(at(600))
    expect(dueOf(reminding, settings, { entries, after: 599 })).toEqual([])
    expect(dueOf(reminding, settings, { entries, after: 600 })).toEqual([
      'Reminded Email alice@acme.com',
      'Reminded Email bob@acme.com',
      'Reminded Webhook ops',
    ])
    const half = request({ remindAfterSeconds: 600, requiredApprovals: 2 }, { decisions: decidedBy('bob') })
    expect(dueOf(half, settings, { entries, after: 600 })).toEqual([
      'Reminded Email alice@acme.com',
      'Reminded Webhook ops',
    ])
    const reminded = sentAt(601, reminding, settings, { entries, after: 600 })
    expect(plan(reminding, settings, { entries: reminded, after: 900 })).toEqual({
      entries: reminded,
      due: [],
      nextAt: undefined,
    })
  })

  it('is not sent to whom the request itself reached only then', () => {
    const late = sentAt(601, reminding, settings)
    expect(dueOf(reminding, settings, { entries: late, after: 602 })).toEqual([])
  })
})

describe('an escalation', () => {
  const spec = { escalateAfterSeconds: 1800, escalateTo: ['bob'] }
  const settings = project({ routes: [{ agents: ['*'], members: ['alice'] }], webhooks: [webhook('ops')] })

  it('goes to whom it names, whatever the routes say, and to the webhooks', () => {
    const entries = sentAt(1, request(spec), settings)
    expect(dueOf(request(spec), settings, { entries, after: 1800 })).toEqual([
      'Escalated Email bob@acme.com',
      'Escalated Webhook ops',
    ])
  })

  it('goes to everybody where it names no member any more: nobody is never right', () => {
    const gone = { ...spec, escalateTo: ['eve'] }
    const entries = sentAt(1, request(gone), settings)
    expect(dueOf(request(gone), settings, { entries, after: 1800 })).toEqual([
      'Escalated Email alice@acme.com',
      'Escalated Email bob@acme.com',
      'Escalated Webhook ops',
    ])
  })
})

describe('the end of a request', () => {
  const settings = project({ webhooks: [webhook('ops')] })
  const over = (
    phase: ApprovalRequest['status']['phase'],
    decisions: Decision[] = [],
    spec: Partial<ApprovalRequestSpec> = { requestedBy: 'bob' },
  ) => request(spec, { phase, decisions, decidedAt: '2026-01-01T00:01:00Z' })
  const entries = sentAt(1, request(), settings)

  it.each<[ApprovalRequest['status']['phase'], Decision[], readonly string[]]>([
    ['Approved', decidedBy('alice'), ['Decided Email bob@acme.com', 'Decided Webhook ops']],
    ['Rejected', decidedBy('alice'), ['Decided Email bob@acme.com', 'Decided Webhook ops']],
    ['Approved', decidedBy('bob'), ['Decided Webhook ops']],
    ['Approved', decidedBy('bob', 'alice'), ['Decided Email bob@acme.com', 'Decided Webhook ops']],
    ['Expired', [], ['Expired Email bob@acme.com', 'Expired Webhook ops']],
    ['Cancelled', [], ['Cancelled Webhook ops']],
  ])('%s by %j is told to %j', (phase, decisions, due) => {
    expect(dueOf(over(phase, decisions), settings, { entries, after: 61 })).toEqual(due)
  })

  it('is told to no starter who is no member, or not known', () => {
    for (const spec of [{ requestedBy: 'eve' }, {}]) {
      const one = over('Approved', decidedBy('alice'), spec)
      expect(dueOf(one, settings, { entries, after: 61 })).toEqual(['Decided Webhook ops'])
    }
  })

  it('is told to the webhooks that heard of it, and not to one that is new', () => {
    const more = project({ webhooks: [webhook('ops'), webhook('new')] })
    const one = over('Approved', decidedBy('alice'), {})
    expect(dueOf(one, more, { entries, after: 61 })).toEqual(['Decided Webhook ops'])
  })

  it('is told to all webhooks where it came before anything could be told', () => {
    const one = over('Approved', decidedBy('alice'), {})
    expect(dueOf(one, settings, { after: 61 })).toEqual(['Decided Webhook ops'])
  })

  it('gives up what was still to be asked, and says why', () => {
    const asked = plan(request(), settings).entries
    const after = plan(over('Approved', decidedBy('alice'), {}), settings, { entries: asked, after: 61 })
    expect(after.entries.filter(({ event }) => event === 'Requested').map(one => one.lastError)).toEqual([
      SETTLED_FIRST,
      SETTLED_FIRST,
      NO_ADDRESS,
      undefined,
      undefined,
      undefined,
      SETTLED_FIRST,
    ])
  })

  it('is told for an hour; then it is given up', () => {
    const one = over('Approved', decidedBy('alice'))
    const tried = plan(one, settings, { entries, after: 61 })
    expect(tried.nextAt).toBe(at(60 + 3600))
    const late = plan(one, settings, { entries: tried.entries, after: 60 + 3600 })
    expect(late.due).toEqual([])
    expect(late.entries.filter(({ event }) => event === 'Decided').map(({ state }) => state)).toEqual([
      'Failed',
      'Failed',
    ])
    expect(plan(one, settings, { after: 60 + 3600 }).due).toEqual([])
  })
})
