import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { agentRuns, approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually, untilObject } from '../../../hack/testing.ts'
import type { Resource } from '../../../kube/types.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'

const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
}

/** By order, what holds the tool's answer. */
const held = new Map<string, PromiseWithResolvers<void>>()

const tools = (server: McpServer): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<{ order: string }>({
        type: 'object',
        properties: { order: { type: 'string' } },
      }),
    },
    (async ({ order }: { order: string }) => {
      await held.get(order)?.promise
      return { content: [{ type: 'text', text: `paid ${order}` }] }
    }) as never,
  )
}

let model: ScriptedModel
let mcp: McpTestServer
const worlds: Awaited<ReturnType<typeof newWorld>>[] = []

beforeAll(async () => {
  model = await scriptedModel((spoken, results, order) =>
    spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { order } }] } : { text: results.join() },
  )
  mcp = await startMcpServer('Modern', tools)
})
afterAll(async () => {
  for (const answer of held.values()) answer.resolve()
  for (const world of worlds) await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const prepare = async (approval?: Partial<NonNullable<AgentSpec['approval']>>) => {
  const world = await newWorld('gone')
  worlds.push(world)
  await world.createAgent(
    anAgent(world.namespace, model.url, {
      toolsets: [{ name: 'shop', timeoutSeconds: 20, retryUnknown: false, mcp: { url: mcp.url } }],
      ...(approval ? { approval: approval as NonNullable<AgentSpec['approval']> } : {}),
    }),
  )
  const story = async (run: string) =>
    (await world.audit()).filter(entry => entry.run === run).map(({ action }) => action)
  const start = (name: string, order = name) => world.createRun(aRun(world.namespace, name, { input: order }))
  const waiting = async (name: string) => {
    await start(name)
    await world.untilRun(name, run => run.status?.phase === 'AwaitingApproval')
  }
  return { world, start, waiting, story }
}

const gated = { tools: [{ name: 'shop.pay' }] }

const calls = (order: string) =>
  callsSeen(mcp).filter(call => (call.arguments as { order: string }).order === order)

const untilGone = (namespace: string, name: string) =>
  untilObject(agentRuns, { namespace, name }, run => run === undefined, { timeoutMs: 40_000 })

describe('a namespace that is deleted', () => {
  const untilNamespaceGone = (name: string) =>
    eventually(async () => (await adminClient().find(namespaces, { name })) === undefined, {
      timeoutMs: 60_000,
    })

  it('goes, with a run that waits for people in it', async () => {
    const { world, waiting } = await prepare(gated)
    await waiting('waits')
    await adminClient().delete(namespaces, { name: world.namespace })
    await untilNamespaceGone(world.namespace)
  }, 90_000)

  it('goes when the operator comes back after all that the run owned is gone', async () => {
    const { world, waiting } = await prepare(gated)
    await waiting('waits')
    await world.stop()
    await adminClient().delete(namespaces, { name: world.namespace })
    await untilObject(
      approvalRequests,
      { namespace: world.namespace, name: 'waits-1-0' },
      request => request === undefined,
      { timeoutMs: 40_000 },
    )
    world.restart()
    await untilNamespaceGone(world.namespace)
  }, 120_000)
})

describe('a run that is deleted', () => {
  it('goes when what it owns goes first, and its request is recorded as cancelled once', async () => {
    const { world, waiting, story } = await prepare(gated)
    await waiting('foreground')
    await adminClient().delete(
      agentRuns,
      { namespace: world.namespace, name: 'foreground' },
      { propagationPolicy: 'Foreground' },
    )
    await untilGone(world.namespace, 'foreground')
    expect(await story('foreground')).toEqual([
      'RunStarted',
      'ApprovalRequested',
      'ApprovalCancelled',
      'RunEnded',
    ])
    expect(calls('foreground')).toHaveLength(0)
  }, 60_000)

  it('while a free tool is called, and created again under its name, is recorded to its end, and so is the next', async () => {
    const { world, start, story } = await prepare()
    const answer = Promise.withResolvers<void>()
    held.set('first', answer)
    await start('again', 'first')
    await eventually(() => calls('first').length === 1)
    await adminClient().delete(agentRuns, { namespace: world.namespace, name: 'again' })
    await untilGone(world.namespace, 'again')
    await start('again', 'second')
    const next = await world.untilEnded('again')
    expect(next.status?.output).toBe('paid second')
    answer.resolve()
    await eventually(async () => (await story('again')).length === 8)
    const told = await story('again')
    const times = (action: string) => told.filter(one => one === action).length
    expect(['RunStarted', 'ToolExecuting', 'ToolExecuted', 'RunEnded'].map(times)).toEqual([2, 2, 2, 2])
    expect(calls('first')).toHaveLength(1)
    expect(calls('second')).toHaveLength(1)
  }, 60_000)
})
