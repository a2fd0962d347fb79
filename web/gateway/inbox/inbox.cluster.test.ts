import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, eventually } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import { type KeyWorld, keyWorld } from '../keys/testing-cluster.ts'
import { type Session, startGateway, type TestGateway } from '../testing.ts'
import { anApproval, haveTokens, settleAs, tellAs, tokenOf } from '../testing-cluster.ts'
import { type Listening, listen } from '../testing-events.ts'
import { SeenMarks } from './seen.ts'

describe.skipIf(!haveTokens())('the bell', () => {
  let world: KeyWorld
  let other: TestGateway
  beforeAll(async () => {
    world = await keyWorld('gw-inbox')
    // It would cancel requests that no run waits for.
    await world.stopOperator()
    other = await world.start()
  })
  afterAll(() => world?.close())

  const read = async (session: Session) => (await session.get(`${world.base}/inbox`)).body
  const see = (session: Session, until: string) => session.post(`${world.base}/inbox/seen`, { until })
  const names = ({ items }: { items: { type: string; approval: { name: string } }[] }) =>
    items.map(({ type, approval }) => `${type} ${approval.name}`)
  const ask = (name: string, spec = {}) => anApproval(world.namespace, name, spec)
  /** A moment when the second of everything that was made so far is over. */
  const nextSecond = () => {
    const second = Math.floor(Date.now() / 1000)
    return eventually(() => Math.floor(Date.now() / 1000) > second)
  }
  const hear = (gateway: TestGateway, person: string, lastID?: string) =>
    listen(gateway, tokenOf(`${person}@acme.com`), world.namespace, lastID)
  const marksOf = ({ events }: Listening) =>
    events.filter(({ data }) => data.type === 'InboxSeen').map(({ data }) => data.until)

  test('should count for each person by themselves, the same at every replica, until they say that they have seen it', async () => {
    await ask('a-1-0', { requestedBy: 'carol@acme.com' })
    const [carol, carolThere, alice] = [world.as('carol'), world.as('carol', other), world.as('alice')]
    for (const session of [carol, carolThere, alice]) {
      await eventually(async () => (await read(session)).unread === 1)
    }
    const { items, seenUntil, waiting, kept } = await read(carol)
    expect({ seenUntil, waiting, kept }).toEqual({ seenUntil: undefined, waiting: 1, kept: true })
    expect(items).toMatchObject([
      {
        type: 'ApprovalRequested',
        unread: true,
        approval: {
          name: 'a-1-0',
          agent: 'order-manager',
          tool: 'order_tools.process_refund',
          phase: 'Pending',
        },
      },
    ])
    expect(JSON.stringify(items)).not.toContain('ORD-1287')

    const streams = await Promise.all([hear(other, 'carol'), hear(other, 'alice')])
    await nextSecond()
    const answer = await see(carol, items[0].at)
    expect(answer).toMatchObject({ status: 200, body: { unread: 0, waiting: 0, kept: true } })
    expect(Date.parse(answer.body.seenUntil)).toBe(Date.parse(items[0].at))
    await eventually(() => marksOf(streams[0]).length === 1)
    expect(marksOf(streams[0])).toEqual([answer.body.seenUntil])
    expect(await read(carolThere)).toMatchObject({ unread: 0, seenUntil: answer.body.seenUntil })
    expect(await read(alice)).toMatchObject({ unread: 1, items: [{ unread: true }] })
    expect(marksOf(streams[1])).toEqual([])
    // Whoever opens a stream later is told where they are, and their id goes on from there.
    const later = await hear(other, 'carol', streams[0].lastID())
    await eventually(() => marksOf(later).length === 1)
    await Promise.all([...streams, later].map(stream => stream.leave()))
  })

  test('should tell whoever started a run of its verdict, and nobody else', async () => {
    const request = await ask('b-1-0', { requestedBy: 'carol@acme.com' })
    await nextSecond()
    await see(world.as('carol'), new Date().toISOString())
    await settleAs(request, 'Cancelled')
    await eventually(async () => names(await read(world.as('carol')))[0] === 'RunVerdict b-1-0')
    expect(await read(world.as('carol'))).toMatchObject({
      unread: 1,
      waiting: 0,
      items: [
        { unread: true, approval: { phase: 'Cancelled' } },
        { type: 'ApprovalRequested', unread: false },
        {},
      ],
    })
    expect(names(await read(world.as('alice')))).toEqual([
      'ApprovalRequested b-1-0',
      'ApprovalRequested a-1-0',
    ])
  })

  test('should not be moved back, nor beyond the last second that is over', async () => {
    const bob = world.as('bob')
    const before = Date.now()
    const { body: now } = await see(bob, '2099-01-01T00:00:00Z')
    expect(Date.parse(now.seenUntil)).toBeLessThan(Date.now())
    expect(Date.parse(now.seenUntil)).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000 - 1)
    const { body: after } = await see(bob, '2026-01-01T00:00:00+01:00')
    expect(after.seenUntil).toBe(now.seenUntil)
    expect((await read(world.as('bob', other))).seenUntil).toBe(now.seenUntil)
  })

  test('should follow the routes of the Project, and fall silent where it tells of nothing in the page', async () => {
    const set = (notifications: object | null) =>
      adminClient().patch(
        projects,
        { namespace: world.namespace, name: 'project' },
        { type: 'merge', body: { spec: { notifications } } },
      )
    await ask('c-1-0', { agentRef: { name: 'crm' }, requestedBy: 'alice@acme.com' })
    await set({ routes: [{ agents: ['order-*'], members: ['alice@acme.com'] }] })
    const bob = world.as('bob')
    await eventually(async () => names(await read(bob)).join() === 'ApprovalRequested c-1-0')
    expect(names(await read(world.as('alice')))).toHaveLength(3)
    await set({ inApp: { enabled: false } })
    await eventually(async () => (await read(bob)).items.length === 0)
    await set(null)
    await eventually(async () => (await read(bob)).items.length === 3)
  })

  test('should be refused to strangers, the same as for a project that does not exist', async () => {
    const mallory = world.as('mallory')
    expect(await mallory.get(`${world.base}/inbox`)).toMatchObject({ status: 403 })
    expect(await see(mallory, new Date().toISOString())).toMatchObject({ status: 403 })
    expect(await mallory.get('/api/v1/projects/no-such-project/inbox')).toMatchObject({ status: 403 })
  })

  test('should stay within the agents of a narrowed key, which can mark nothing as seen, nor can one that only reads', async () => {
    const narrowed = await world.make(world.as('carol'), { agents: ['crm'] })
    expect(names(await read(narrowed))).toEqual(['ApprovalRequested c-1-0'])
    const now = new Date().toISOString()
    expect(await see(narrowed, now)).toMatchObject({ status: 403, body: { code: 'Forbidden' } })
    const reading = await world.make(world.as('carol'), { readOnly: true })
    const before = (await read(reading)).seenUntil
    expect(await see(reading, now)).toMatchObject({ status: 403 })
    expect((await read(reading)).seenUntil).toBe(before)
    const whole = await world.make(world.as('carol'))
    expect(await see(whole, now)).toMatchObject({ status: 200 })
  })

  test.each([
    ['no body', undefined, 422],
    ['no time', { until: 'now' }, 422],
    ['a time without a zone', { until: '2026-11-22T10:00:00' }, 422],
    ['a field that does not exist', { until: '2026-11-22T10:00:00Z', user: 'alice@acme.com' }, 422],
    ['more than a time takes', { until: '2026-11-22T10:00:00Z', pad: 'x'.repeat(2000) }, 413],
  ])('should not be moved by %s', async (_, body, status) => {
    expect(await world.as('carol').post(`${world.base}/inbox/seen`, body)).toMatchObject({ status })
  })

  test.each(['limit=0', 'limit=101', 'user=alice%40acme.com'])('should not be read with ?%s', async query => {
    expect(await world.as('carol').get(`${world.base}/inbox?${query}`)).toMatchObject({ status: 422 })
  })

  test('should work where the marks cannot be kept, say so in its answers, and in the log once', async () => {
    const lines: unknown[] = []
    const warn = (fields: object) => void lines.push(fields)
    const quiet = () => {}
    const logger = { debug: quiet, info: quiet, warn, error: quiet, child: () => logger }
    const client = clientFor('mallory@acme.com')
    const gateway = await startGateway(adminClient(), {
      seen: new SeenMarks({ client, clock: systemClock, logger }),
    })
    const alice = world.as('alice', gateway)
    const { items, unread, kept } = await read(alice)
    expect({ unread, kept }).toEqual({ unread: 3, kept: false })
    await nextSecond()
    expect(await see(alice, items[0].at)).toMatchObject({ status: 200, body: { unread: 0, kept: false } })
    expect(await read(alice)).toMatchObject({ unread: 0, kept: false })
    expect((await read(world.as('alice'))).unread).toBe(3)
    expect(lines).toHaveLength(1)
    await gateway.close()
  })

  test('should bring what is told of again, and what is escalated to one whom the routes leave out', async () => {
    const ref = { namespace: world.namespace, name: 'project' }
    const routes = [{ agents: ['night-*'], members: ['bob@acme.com'] }]
    const set = (notifications: object | null) =>
      adminClient().patch(projects, ref, { type: 'merge', body: { spec: { notifications } } })
    await set({ routes })
    const request = await ask('escalated-1-0', {
      agentRef: { name: 'night-watch' },
      remindAfterSeconds: 30,
      escalateAfterSeconds: 60,
      escalateTo: ['carol@acme.com'],
    })
    const at = request.metadata.creationTimestamp
    const told = (event: 'Requested' | 'Reminded' | 'Escalated', target: string) =>
      ({ event, channel: 'InApp', target, state: 'Sent', attempts: 1, at }) as const
    const of = async (person: string) =>
      (await read(world.as(person))).items.filter(
        ({ approval }: { approval: { name: string } }) => approval.name === 'escalated-1-0',
      )
    await eventually(async () => (await of('bob'))[0]?.event === 'Requested')
    expect(await of('carol')).toEqual([])
    const stream = await hear(world.gateway, 'carol')
    const requested = [told('Requested', 'bob@acme.com'), told('Reminded', 'bob@acme.com')]
    await tellAs(request, [...requested, told('Escalated', 'carol@acme.com')])
    // Two tellings in one write are one event: whoever hears it reads their bell.
    await eventually(() => stream.events.some(({ data }) => data.type === 'ApprovalEscalated'))
    expect(await of('carol')).toMatchObject([
      { type: 'ApprovalRequested', event: 'Escalated', at, unread: true },
    ])
    expect(await of('bob')).toMatchObject([
      { type: 'ApprovalRequested', event: 'Reminded', at, unread: true },
    ])
    await stream.leave()
    await set(null)
  })
})
