import { setTimeout as delay } from 'node:timers/promises'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { agents } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type Fault, faultyClient, type Write } from '../../testing/faulty-client.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, operatorClient } from '../../testing/world.ts'

const pay = (server: McpServer): void => {
  server.registerTool(
    'pay',
    { description: 'pays', inputSchema: fromJsonSchema<object>({ type: 'object' }) },
    (async () => ({ content: [{ type: 'text', text: 'paid' }] })) as never,
  )
}

let model: ScriptedModel
let mcp: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>
let trusted = true
let aheadMs = 0
const writes: Write[] = []
const watchWrites = (write: Write): Fault => {
  writes.push(write)
  return undefined
}

beforeAll(async () => {
  model = await scriptedModel((spoken, results) =>
    spoken === 0 ? { calls: [{ tool: 'shop.pay', params: {} }] } : { text: results.join() },
  )
  mcp = await startMcpServer('Modern', pay)
  world = await newWorld('request', {
    client: faultyClient(operatorClient(), watchWrites),
    trusted: () => trusted,
    clock: { now: () => Date.now() + aheadMs, after: systemClock.after },
  })
  await world.createAgent(
    anAgent(world.namespace, model.url, {
      toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: mcp.url } }],
      approval: { tools: [{ name: 'shop.pay' }], timeoutSeconds: 30 } as NonNullable<AgentSpec['approval']>,
    }),
  )
})
afterAll(async () => {
  trusted = true
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const waiting = async (name: string) => {
  await world.createRun(aRun(world.namespace, name))
  await world.untilRun(name, run => run.status?.phase === 'AwaitingApproval')
}

describe('an operator that is not sure of the policies', () => {
  it('settles and executes nothing, and does both as soon as it is', async () => {
    await waiting('distrusted')
    const before = callsSeen(mcp).length
    trusted = false
    await world.decide('distrusted-1-0', 'Approve')
    // As long as it takes to look twice.
    await delay(2_500)
    expect((await world.request('distrusted-1-0')).status.phase).toBe('Pending')
    expect(callsSeen(mcp)).toHaveLength(before)
    trusted = true
    const run = await world.untilEnded('distrusted')
    expect(run.status?.phase).toBe('Succeeded')
    expect(callsSeen(mcp)).toHaveLength(before + 1)
  })
})

describe('a free call that could not be begun', () => {
  it('waits for people when a gate was added before it could be', async () => {
    const toolsets = [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: mcp.url } }]
    await world.createAgent(anAgent(world.namespace, model.url, { name: 'late', toolsets }))
    const before = callsSeen(mcp).length
    trusted = false
    await world.createRun(aRun(world.namespace, 'late', { agentRef: { name: 'late' } }))
    await world.untilRun('late', run => world.step(run, '1.0')?.state === 'Pending')
    await adminClient().patch(
      agents,
      { namespace: world.namespace, name: 'late' },
      { type: 'merge', body: { spec: { approval: { tools: [{ name: 'shop.pay' }] } } } },
    )
    trusted = true
    await world.untilRun('late', run => run.status?.phase === 'AwaitingApproval')
    expect(callsSeen(mcp)).toHaveLength(before)
    await world.decide('late-1-0', 'Approve')
    const run = await world.untilEnded('late')
    expect(run.status?.phase).toBe('Succeeded')
    expect(callsSeen(mcp)).toHaveLength(before + 1)
  })
})

describe('an operator whose clock is ahead', () => {
  it('cannot end a request before its time, and takes a decision that comes in time', async () => {
    await waiting('ahead')
    const before = writes.length
    aheadMs = 60_000
    const early = () =>
      writes
        .slice(before)
        .some(
          ({ what, body }) =>
            what === 'approvalrequests/status' && JSON.stringify(body).includes('"phase":"Expired"'),
        )
    await world.createRun(aRun(world.namespace, 'ahead-too'))
    await world.untilRequest('ahead-too-1-0')
    await eventually(early)
    expect((await world.request('ahead-too-1-0')).status.phase).toBe('Pending')
    await world.decide('ahead-too-1-0', 'Approve')
    expect((await world.untilEnded('ahead-too')).status?.phase).toBe('Succeeded')
    aheadMs = 0
    await world.decide('ahead-1-0', 'Approve')
    expect((await world.untilEnded('ahead')).status?.phase).toBe('Succeeded')
  })
})

describe('an operator that finds a settled request without its record', () => {
  it('records it when it starts, once', async () => {
    await waiting('unrecorded')
    await world.stop()
    await world.decide('unrecorded-1-0', 'Reject', 'no')
    world.restart()
    await world.untilEnded('unrecorded')
    await world.stop()
    world.restart()
    await waiting('another')
    const told = (await world.audit()).filter(({ run }) => run === 'unrecorded').map(({ action }) => action)
    expect(told).toEqual(['RunStarted', 'ApprovalRequested', 'ApprovalRejected', 'RunEnded'])
  })
})
