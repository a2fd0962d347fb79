import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../crds/v1alpha1/agent.ts'
import type { ApprovalRequest, NotificationEvent } from '../../crds/v1alpha1/approvalrequest.ts'
import { ANNOTATIONS } from '../../crds/v1alpha1/meta.ts'
import type { Project, ProjectSpec } from '../../crds/v1alpha1/project.ts'
import { agentRuns, projects } from '../../crds/v1alpha1/resources.ts'
import { adminClient, clientFor, untilObject } from '../../hack/testing.ts'
import { type McpTestServer, startMcpServer } from '../agent/testing/mcp-server.ts'
import { findCondition } from '../controllers/conditions.ts'
import { faultyClient } from '../testing/faulty-client.ts'
import { movableClock } from '../testing/movable-clock.ts'
import { type ScriptedModel, scriptedModel } from '../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, operatorClient } from '../testing/world.ts'
import { scriptedMailer, scriptedWebhooks } from './testing.ts'
import type { Outcome } from './types.ts'

const paying = (server: McpServer): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<object>({ type: 'object', properties: { order: {} } }),
    },
    (async () => ({ content: [{ type: 'text', text: 'paid' }] })) as never,
  )
}

const members: ProjectSpec['members'] = [
  { user: 'alice@acme.com', role: 'Owner', email: 'alice@acme.com' },
  { user: 'bob@acme.com', role: 'Member', email: 'bob@acme.com' },
  { group: 'night-shift', role: 'Member' },
]
const ops = { name: 'ops', urlSecretRef: { name: 'ops', key: 'url' }, format: 'Generic' as const }

let model: ScriptedModel
let mcp: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>
const clock = movableClock()
const mailer = scriptedMailer()
const webhooks = scriptedWebhooks()
const events: string[] = []
/** Names of the requests whose status the operator wrote. */
const writes: string[] = []

/** The operator's client, which notes them. */
const notingClient = () =>
  faultyClient(operatorClient(), ({ what, body }) => {
    if (what === 'approvalrequests/status') writes.push((body as ApprovalRequest).metadata.name)
    return undefined
  })

beforeAll(async () => {
  model = await scriptedModel(async (spoken, results, order) =>
    spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { order } }] } : { text: results.join() },
  )
  mcp = await startMcpServer('Modern', paying)
  world = await newWorld('notify', {
    client: notingClient(),
    clock,
    mailer,
    webhooks,
    event: (regarding, { reason }) => events.push(`${regarding.metadata.name} ${reason}`),
  })
  await adminClient().create(projects, {
    apiVersion: 'countersign.dev/v1alpha1',
    kind: 'Project',
    metadata: { name: 'project', namespace: world.namespace },
    spec: { members, notifications: { webhooks: [ops] } },
  } as Project)
  const toolsets = [{ name: 'shop', timeoutSeconds: 20, retryUnknown: false, mcp: { url: mcp.url } }]
  const gated = (more: Partial<NonNullable<AgentSpec['approval']>> = {}) =>
    ({ tools: [{ name: 'shop.pay' }], timeoutSeconds: 3600, ...more }) as NonNullable<AgentSpec['approval']>
  await world.createAgent(anAgent(world.namespace, model.url, { toolsets, approval: gated() }))
  await world.createAgent(
    anAgent(world.namespace, model.url, {
      name: 'urgent',
      toolsets,
      approval: gated({ remindAfterSeconds: 900, escalateAfterSeconds: 1800, escalateTo: ['night-shift'] }),
    }),
  )
})
afterAll(async () => {
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})
beforeEach(() => {
  for (const { way } of [mailer, webhooks]) {
    way.taken.length = 0
    way.answer = () => ({ state: 'Sent' })
  }
})

const start = async (run: string, agent = 'order-manager', requestedBy?: string) => {
  const spec = { agentRef: { name: agent }, input: run }
  if (requestedBy === undefined) await world.createRun(aRun(world.namespace, run, spec))
  else {
    const starter = clientFor(requestedBy, ['system:masters'])
    await starter.create(agentRuns, aRun(world.namespace, run, { ...spec, requestedBy }))
  }
  return `${run}-1-0`
}
const list = ({ status }: ApprovalRequest, event?: NotificationEvent) =>
  (status.notifications ?? [])
    .filter(one => event === undefined || one.event === event)
    .map(one => `${one.event} ${one.channel} ${one.target} ${one.state}`)
const condition = ({ status }: ApprovalRequest) => findCondition(status.conditions, 'Notified')
const untilTold = (name: string, event: NotificationEvent, count: number) =>
  world.untilRequest(
    name,
    one => list(one, event).filter(text => !text.endsWith('Retrying')).length === count,
  )
const sentTo = (event: NotificationEvent) => [
  ...mailer.way.taken.filter(({ notices }) => notices[0]?.event === event).map(({ to }) => to),
  ...webhooks.way.taken.filter(({ notices }) => notices[0]?.event === event).map(({ to }) => to),
]

describe('who hears of a request', () => {
  it('is told, stands in its status, and hears how it ended', async () => {
    const name = await start('first')
    const told = await untilTold(name, 'Requested', 7)
    expect(list(told)).toEqual([
      'Requested Email alice@acme.com Sent',
      'Requested Email bob@acme.com Sent',
      'Requested Email night-shift Failed',
      'Requested InApp alice@acme.com Sent',
      'Requested InApp bob@acme.com Sent',
      'Requested InApp night-shift Sent',
      'Requested Webhook ops Sent',
    ])
    expect(condition(told)).toMatchObject({ status: 'True', reason: 'Told' })
    expect(mailer.way.taken[0]?.notices[0]?.url).toBe(
      `https://countersign.example.com/projects/${world.namespace}/approvals/${name}`,
    )
    await world.decide(name, 'Approve')
    const after = await untilTold(name, 'Decided', 1)
    expect(list(after, 'Decided')).toEqual(['Decided Webhook ops Sent'])
    expect(sentTo('Decided')).toEqual(['ops'])
    await world.untilEnded('first')
  })

  it('takes one write beside the first one, and one for how it ended', async () => {
    const name = await start('few')
    const told = await untilTold(name, 'Requested', 7)
    await world.decide(name, 'Approve')
    await untilTold(name, 'Decided', 1)
    await world.untilEnded('few')
    expect(condition(told)?.message).toBe(
      'Told: 2 by e-mail, 3 in the page, 1 by webhook; without an address: night-shift.',
    )
    // Planned with its times, told, settled, told how it ended. Were each result written by itself, there were seven.
    expect(writes.filter(one => one === name).length).toBeLessThan(7)
  })

  it('is told again after a restart only where no status says that it was', async () => {
    mailer.way.answer = ({ to }) =>
      to === 'bob@acme.com' ? { state: 'Retrying', error: 'the mailbox is busy' } : { state: 'Sent' }
    const name = await start('restarted')
    const half = await world.untilRequest(name, one => condition(one)?.reason === 'SomeNotTold')
    expect(condition(half)?.message).toContain('Not told: bob@acme.com (by e-mail): the mailbox is busy.')
    expect(list(half)).toContain('Requested Email bob@acme.com Retrying')
    await expect.poll(() => events).toContain(`${name} SomeNotTold`)
    const ids = mailer.way.taken
      .filter(({ to }) => to === 'bob@acme.com')
      .map(({ notices }) => notices[0]?.id)
    await world.stop()
    for (const { way } of [mailer, webhooks]) way.taken.length = 0
    mailer.way.answer = () => ({ state: 'Sent' })
    world.restart()
    const told = await untilTold(name, 'Requested', 7)
    expect(condition(told)).toMatchObject({ status: 'True', reason: 'Told' })
    const again = [...mailer.way.taken, ...webhooks.way.taken].filter(({ notices }) =>
      notices.some(({ request }) => request.metadata.name === name),
    )
    expect(again.map(({ to }) => to)).toEqual(['bob@acme.com'])
    expect(again[0]?.notices[0]?.id).toBe(ids[0])
    await world.decide(name, 'Reject', 'no')
    await world.untilEnded('restarted')
  })

  it('is waited for by nothing: with everything hanging, a decision runs its call', async () => {
    const hanging = () => new Promise<Outcome>(() => {})
    mailer.way.answer = hanging
    webhooks.way.answer = hanging
    const name = await start('hanging')
    await world.untilRequest(name, one => one.status.expiresAt !== undefined)
    await world.decide(name, 'Approve')
    const run = await world.untilEnded('hanging')
    expect(run.status?.phase).toBe('Succeeded')
    expect(mailer.way.taken.length + webhooks.way.taken.length).toBeGreaterThan(0)
    expect(
      list(await world.request(name), 'Requested').filter(text => / (Email|Webhook) .* Sent$/.test(text)),
    ).toEqual([])
    // What hangs in this process is left behind.
    await world.stop()
    mailer.way.answer = () => ({ state: 'Sent' })
    webhooks.way.answer = () => ({ state: 'Sent' })
    world.restart()
    await untilTold(name, 'Decided', 1)
  })

  it('is whoever the Project names by then: a webhook that is put in while it waits is called', async () => {
    const name = await start('joining')
    await untilTold(name, 'Requested', 7)
    const more = { ...ops, name: 'more' }
    const ref = { namespace: world.namespace, name: 'project' }
    const put = (list: unknown) =>
      adminClient().patch(projects, ref, {
        type: 'merge',
        body: { spec: { notifications: { webhooks: list } } },
      })
    await put([ops, more])
    const told = await untilTold(name, 'Requested', 8)
    expect(list(told)).toContain('Requested Webhook more Sent')
    await put([ops])
    await world.decide(name, 'Approve')
    await untilTold(name, 'Decided', 1)
    expect(sentTo('Decided')).toEqual(['ops'])
  })
})

describe('a request that ends with its run', () => {
  it('is told to have ended, though it goes with the run that is deleted', async () => {
    const name = await start('deleted')
    await untilTold(name, 'Requested', 7)
    await adminClient().delete(agentRuns, { namespace: world.namespace, name: 'deleted' })
    await expect.poll(() => sentTo('Cancelled')).toEqual(['ops'])
  })
})

describe('an operator that is asked to stop', () => {
  it('stores first what became of the messages under way, so that the next one does not send them again', async () => {
    const slow = Promise.withResolvers<Outcome>()
    webhooks.way.answer = () => slow.promise
    const name = await start('stopping')
    await expect.poll(() => webhooks.way.taken.length).toBe(1)
    const stopped = world.stop()
    slow.resolve({ state: 'Sent' })
    await stopped
    expect(list(await world.request(name))).toContain('Requested Webhook ops Sent')
    world.restart()
    await world.decide(name, 'Approve')
    await untilTold(name, 'Decided', 1)
    expect(sentTo('Requested').filter(to => to === 'ops')).toEqual(['ops'])
  })
})

describe('a request that nobody decides', () => {
  it('is told again at its times, once each, over a restart too, and its starter hears how it ended', async () => {
    const name = await start('forgotten', 'urgent', 'bob@acme.com')
    await untilTold(name, 'Requested', 7)
    clock.move(901_000)
    await untilTold(name, 'Reminded', 6)
    expect(sentTo('Reminded')).toEqual(['alice@acme.com', 'bob@acme.com', 'ops'])
    await world.stop()
    world.restart()
    clock.move(900_000)
    const escalated = await untilTold(name, 'Escalated', 3)
    expect(list(escalated, 'Escalated').sort()).toEqual([
      'Escalated Email night-shift Failed',
      'Escalated InApp night-shift Sent',
      'Escalated Webhook ops Sent',
    ])
    expect(sentTo('Reminded')).toEqual(['alice@acme.com', 'bob@acme.com', 'ops'])
    await world.decide(name, 'Reject', 'nobody knows this order')
    await untilTold(name, 'Decided', 2)
    expect(sentTo('Decided')).toEqual(['bob@acme.com', 'ops'])
  })
})

describe('a test message', () => {
  const ask = (text: string) =>
    adminClient().patch(
      projects,
      { namespace: world.namespace, name: 'project' },
      { type: 'merge', body: { metadata: { annotations: { [ANNOTATIONS.notifyTest]: text } } } },
    )
  const untilTested = async (id: string) =>
    (
      await untilObject(
        projects,
        { namespace: world.namespace, name: 'project' },
        one => one?.status?.notificationTest?.id === id,
      )
    )?.status?.notificationTest

  it('is sent once to whom it is for, and what became of it is stored', async () => {
    webhooks.way.answer = () => ({ state: 'Failed', error: 'it answered with HTTP 404' })
    await ask('one Webhook ops')
    expect(await untilTested('one')).toMatchObject({
      channel: 'Webhook',
      target: 'ops',
      state: 'Failed',
      message: 'it answered with HTTP 404',
    })
    await ask('two Email bob@acme.com')
    expect(await untilTested('two')).toMatchObject({ state: 'Sent', target: 'bob@acme.com' })
    expect(webhooks.way.taken).toHaveLength(1)
    expect(mailer.way.taken.map(({ to }) => to)).toEqual(['bob@acme.com'])
  })

  it.each([
    ['three Webhook nothing', 'there is no webhook nothing in the Project'],
    ['four Email eve@acme.com', 'eve@acme.com is no member of the project'],
    ['five Email night-shift', "night-shift has no address: set the member's email"],
  ])('%s is answered with why not', async (text, message) => {
    await ask(text)
    expect(await untilTested(text.split(' ')[0] ?? '')).toMatchObject({ state: 'Failed', message })
  })
})

it('says of a project whether what it wants sent can be sent', async () => {
  const ref = { namespace: world.namespace, name: 'project' }
  const ready = (one: Project | undefined) => findCondition(one?.status?.conditions, 'NotificationsReady')
  const found = await untilObject(projects, ref, one => ready(one)?.status === 'True')
  expect(ready(found)?.message).toBe('told by e-mail, the page, webhook ops')
  expect(findCondition(found?.status?.conditions, 'Ready')?.status).toBe('True')
})
