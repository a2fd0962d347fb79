import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentRuns, agents } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../../hack/testing.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type Fault, faultyClient, type Write } from '../../testing/faulty-client.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, operatorClient } from '../../testing/world.ts'

let model: ScriptedModel
let mcp: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>
let fault: (write: Write) => Fault = () => undefined

const tools = (server: McpServer): void => {
  const inputSchema = fromJsonSchema<object>({ type: 'object', properties: { order: { type: 'string' } } })
  server.registerTool('pay', { description: 'pays', inputSchema }, (async () => ({
    content: [{ type: 'text', text: 'paid' }],
  })) as never)
}

beforeAll(async () => {
  model = await scriptedModel((spoken, results, order) =>
    spoken > 0 ? { text: results.join() } : { calls: [{ tool: 'shop.pay', params: { order } }] },
  )
  mcp = await startMcpServer('Modern', tools)
  world = await newWorld('untraced', { client: faultyClient(operatorClient(), write => fault(write)) })
})
afterAll(async () => {
  fault = () => undefined
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const calls = (order: string) =>
  callsSeen(mcp).filter(call => (call.arguments as { order: string }).order === order)
const told = async (name: string) =>
  (await world.audit()).filter(({ run }) => run === name).map(({ action }) => action)

/** Starts a run whose request is open while its trace cannot be written. */
const openUntraced = async (name: string, onRejection: 'Fail' | 'Continue' = 'Fail'): Promise<void> => {
  await world.createAgent(
    anAgent(world.namespace, model.url, {
      name,
      toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: mcp.url } }],
      approval: { tools: [{ name: 'shop.pay' }], onRejection } as never,
    }),
  )
  let held = 0
  fault = ({ what, body }) => {
    if (what !== 'agentruns/status' || !JSON.stringify(body).includes('"type":"ToolCall"')) return undefined
    held++
    return 'Before'
  }
  await world.createRun(aRun(world.namespace, name, { agentRef: { name }, input: name }))
  await world.untilRequest(`${name}-1-0`)
  await eventually(() => held > 0)
}

const patchRun = (name: string, body: unknown) =>
  adminClient().patch(agentRuns, { namespace: world.namespace, name }, { type: 'merge', body })

describe('a request that is open before its call is in the trace', () => {
  it('is waited for by the next operator, though the gate is gone by then', async () => {
    await openUntraced('ungated')
    await world.stop()
    await adminClient().patch(
      agents,
      { namespace: world.namespace, name: 'ungated' },
      { type: 'merge', body: { spec: { approval: { tools: [] } } } },
    )
    fault = () => undefined
    world.restart()
    const run = await world.untilRun('ungated', ({ status }) => status?.phase === 'AwaitingApproval')
    expect(world.step(run, '1.0')?.state).toBe('AwaitingApproval')
    expect(calls('ungated')).toEqual([])
    await eventually(async () => (await world.request('ungated-1-0')).status.expiresAt !== undefined)
    await world.decide('ungated-1-0', 'Approve')
    expect((await world.untilEnded('ungated')).status?.phase).toBe('Succeeded')
    expect(calls('ungated')).toHaveLength(1)
  })

  it('keeps a rejection that comes before the trace', async () => {
    await openUntraced('rejected')
    await world.decide('rejected-1-0', 'Reject', 'no')
    await eventually(async () => (await world.request('rejected-1-0')).status.phase === 'Rejected')
    await world.stop()
    fault = () => undefined
    world.restart()
    const run = await world.untilEnded('rejected')
    expect(run.status?.failure?.reason).toBe('ApprovalRejected')
    expect(world.step(run, '1.0')).toMatchObject({ state: 'Rejected', approvalRequest: 'rejected-1-0' })
    expect(calls('rejected')).toEqual([])
  })

  it('makes the call once where it is approved before the trace', async () => {
    await openUntraced('approved')
    await world.decide('approved-1-0', 'Approve')
    await eventually(async () => (await world.request('approved-1-0')).status.phase === 'Approved')
    expect(calls('approved')).toEqual([])
    fault = () => undefined
    expect((await world.untilEnded('approved')).status?.phase).toBe('Succeeded')
    expect(calls('approved')).toHaveLength(1)
  })

  it.each([
    ['cancelled', { spec: { cancel: true } }],
    ['deleted', undefined],
  ] as const)('is cancelled and recorded before the end of a run that is %s', async (name, body) => {
    await openUntraced(name)
    if (body) await patchRun(name, body)
    else {
      const { metadata } = await adminClient().get(agentRuns, { namespace: world.namespace, name })
      await adminClient().delete(
        agentRuns,
        { namespace: world.namespace, name },
        { uid: metadata.uid ?? '', propagationPolicy: 'Background' },
      )
    }
    fault = () => undefined
    await eventually(async () => (await told(name)).includes('RunEnded'))
    expect(await told(name)).toEqual(['RunStarted', 'ApprovalRequested', 'ApprovalCancelled', 'RunEnded'])
    expect(calls(name)).toEqual([])
    const run = await adminClient().find(agentRuns, { namespace: world.namespace, name })
    if (body)
      expect(run && world.step(run, '1.0')).toMatchObject({
        state: 'Cancelled',
        params: { order: name },
        approvalRequest: `${name}-1-0`,
        approval: { verdict: 'Cancelled' },
      })
  })

  it('is cancelled where its tool is gone when the trace comes to be written', async () => {
    await openUntraced('toolless')
    await world.stop()
    await adminClient().patch(
      agents,
      { namespace: world.namespace, name: 'toolless' },
      { type: 'merge', body: { spec: { toolsets: [], approval: { tools: [] } } } },
    )
    fault = () => undefined
    world.restart()
    const run = await world.untilEnded('toolless')
    expect(world.step(run, '1.0')?.state).toBe('Failed')
    expect((await world.request('toolless-1-0')).status.phase).toBe('Cancelled')
    expect(calls('toolless')).toEqual([])
  })
})
