import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NotificationEntry } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { agents, projects } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, clientForServiceAccount } from '../../../hack/testing.ts'
import { startGateway, type TestGateway } from '../testing.ts'
import {
  anAgent,
  anApproval,
  haveTokens,
  runSettler,
  settleAs,
  tellAs,
  testProject,
  tokenOf,
} from '../testing-cluster.ts'
import { type Listening, listen } from '../testing-events.ts'

const gatewayClient = () => clientForServiceAccount('countersign-system', 'countersign-gateway')

describe.skipIf(!haveTokens())('events of a project', () => {
  let gateway: TestGateway
  let project: string

  beforeAll(async () => {
    gateway = await startGateway(gatewayClient())
    project = await testProject('gw-events')
  })
  afterAll(() => gateway.close())

  const hear = (person: string, lastID?: string, where = gateway) =>
    listen(where, tokenOf(`${person}@acme.com`), project, lastID)
  const typesOf = ({ events }: Listening, name: string) =>
    events.filter(({ data }) => data.name === name).map(({ data }) => data.type)

  test('should tell of a request from its beginning to its end', async () => {
    const stream = await hear('carol')
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    expect(stream.headers.get('cache-control')).toBe('no-store')
    await anApproval(project, 'a-1-0', { requiredApprovals: 2 })
    const stop = await runSettler(project)
    for (const person of ['alice', 'bob']) {
      await gateway
        .as(tokenOf(`${person}@acme.com`))
        .post(`/api/v1/projects/${project}/approvals/a-1-0/approve`)
    }
    await expect
      .poll(() => typesOf(stream, 'a-1-0'))
      .toEqual(['ApprovalRequested', 'ApprovalDecided', 'ApprovalDecided', 'ApprovalSettled'])
    expect(stream.events.at(-1)?.data).toMatchObject({
      project,
      agent: 'order-manager',
      run: 'order-run',
      tool: 'order_tools.process_refund',
      phase: 'Approved',
      approvals: 2,
    })
    expect(JSON.stringify(stream.events)).not.toContain('ORD-1287')
    await stop()
    await stream.leave()
  })

  test('should tell nothing of who was told of many requests, but that they were reminded of and escalated', async () => {
    const count = 60
    const stream = await hear('carol')
    const at = new Date().toISOString()
    const told = (event: NotificationEntry['event'], channel: NotificationEntry['channel']) =>
      ({ event, channel, target: 'alice@acme.com', state: 'Sent', attempts: 1, at }) as const
    const requested = [told('Requested', 'InApp'), told('Requested', 'Email')]
    const reminded = [...requested, told('Reminded', 'InApp'), told('Reminded', 'Email')]
    const writes: readonly (readonly NotificationEntry[])[] = [
      [{ ...told('Requested', 'Email'), state: 'Retrying', attempts: 0 }],
      [{ ...told('Requested', 'Email'), state: 'Retrying', attempts: 1, lastError: 'refused' }],
      requested,
      reminded,
      [...reminded, told('Escalated', 'InApp')],
    ]
    const names = Array.from({ length: count }, (_, i) => `flood-${i}-0`)
    const queue = names.values()
    const worker = async () => {
      for (const name of queue) {
        const request = await anApproval(project, name, { remindAfterSeconds: 30 })
        for (const notifications of writes) await tellAs(request, notifications)
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    const all = () => stream.events.filter(({ data }) => String(data.name).startsWith('flood-'))
    // The last of each is told last.
    const last = () => all().filter(({ data }) => data.type === 'ApprovalEscalated').length
    await expect.poll(last).toBe(count)
    for (const name of names) {
      expect(typesOf(stream, name)).toEqual(['ApprovalRequested', 'ApprovalReminded', 'ApprovalEscalated'])
    }
    expect(JSON.stringify(all())).not.toContain('alice@acme.com')
    await stream.leave()
  })

  test('should tell of agents and of runs', async () => {
    const stream = await hear('carol')
    await anAgent(project, 'helper')
    const runs = `/api/v1/projects/${project}/runs`
    const { body } = await gateway.as(tokenOf('bob@acme.com')).post(runs, { agent: 'helper', input: 'go' })
    await adminClient().delete(agents, { namespace: project, name: 'helper' })
    await expect.poll(() => typesOf(stream, 'helper')).toEqual(['AgentChanged', 'AgentDeleted'])
    await expect.poll(() => typesOf(stream, body.name)).toEqual(['RunChanged'])
    await stream.leave()
  })

  test('should give somebody who comes back what they missed, also from another replica', async () => {
    const other = await startGateway(gatewayClient())
    const stream = await hear('carol')
    // Of each kind something that both have seen: a replica knows nothing from before its own beginning.
    await anAgent(project, 'third')
    const runs = `/api/v1/projects/${project}/runs`
    await gateway.as(tokenOf('bob@acme.com')).post(runs, { agent: 'third', input: 'go', name: 'b' })
    await anApproval(project, 'b-1-0')
    for (const name of ['third', 'b', 'b-1-0']) {
      await expect.poll(() => typesOf(stream, name)).toHaveLength(1)
    }
    await stream.leave()
    const missed = await anApproval(project, 'c-1-0')
    await settleAs(missed, 'Cancelled')
    await expect
      .poll(async () => {
        const { body } = await other
          .as(tokenOf('carol@acme.com'))
          .get(`/api/v1/projects/${project}/approvals/c-1-0`)
        return body.phase
      })
      .toBe('Cancelled')
    for (const where of [gateway, other]) {
      const again = await hear('carol', stream.lastID(), where)
      await expect
        .poll(() => again.events.map(({ data }) => [data.type, data.name]))
        .toEqual([
          ['ApprovalRequested', 'c-1-0'],
          ['ApprovalSettled', 'c-1-0'],
        ])
      await again.leave()
    }
    await other.close()
  })

  test.each(['1-1-1', 'nonsense', '7'])('should tell whoever comes back from %s to list again', async id => {
    const stream = await hear('carol', id)
    expect(stream.events.map(({ data }) => data.type)).toEqual(['Reset'])
    expect(stream.lastID()).toMatch(/^\d+-\d+-\d+$/)
    await stream.leave()
  })

  test('should refuse strangers, and whoever asks for its headers only', async () => {
    expect(
      await gateway.as(tokenOf('mallory@acme.com')).get(`/api/v1/projects/${project}/events`),
    ).toMatchObject({
      status: 403,
      body: { code: 'Forbidden' },
    })
    const head = await gateway
      .as(tokenOf('carol@acme.com'))
      .send('HEAD', `/api/v1/projects/${project}/events`)
    expect(head.status).toBe(405)
  })

  test('should hold back from a key what is of agents that it is not for', async () => {
    const members = [{ user: 'alice@acme.com', role: 'Owner' }]
    await adminClient().create(projects, {
      metadata: { name: 'project', namespace: project },
      spec: { members },
    } as unknown as Project)
    const owner = gateway.as(tokenOf('alice@acme.com'))
    const made = await expect
      .poll(() => owner.post(`/api/v1/projects/${project}/apikeys`, { name: 'k', agents: ['order-manager'] }))
      .toMatchObject({ status: 201 })
      .then(() => owner.post(`/api/v1/projects/${project}/apikeys`, { name: 'l', agents: ['order-manager'] }))
    const stream = await listen(gateway, made.body.key, project)
    await anApproval(project, 'd-1-0', { agentRef: { name: 'other' } })
    await anApproval(project, 'e-1-0')
    await expect.poll(() => typesOf(stream, 'e-1-0')).toHaveLength(1)
    expect(typesOf(stream, 'd-1-0')).toEqual([])
    await owner.send('DELETE', `/api/v1/projects/${project}/apikeys/${made.body.id}`)
    await stream.ended
    expect(stream.events.at(-1)?.data.type).toBe('Closed')
  })

  test('should end with the process, and say so', async () => {
    const leaving = await startGateway(gatewayClient())
    const stream = await hear('carol', undefined, leaving)
    expect((await leaving.metrics.eventStreams.get()).values[0]?.value).toBe(1)
    leaving.stop()
    await stream.ended
    expect(stream.events.at(-1)?.data).toMatchObject({ type: 'Closed', reason: 'Stopping' })
    expect((await leaving.metrics.eventStreams.get()).values[0]?.value).toBe(0)
    await leaving.close()
  })
})
