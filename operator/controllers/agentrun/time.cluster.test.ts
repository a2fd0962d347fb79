import { setTimeout as delay } from 'node:timers/promises'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../hack/testing.ts'
import { systemClock } from '../../../kube/clock.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'

let answerTool = Promise.withResolvers<void>()
let answerModel: Promise<void> | undefined

const slow = (server: McpServer): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<object>({ type: 'object', properties: { order: { type: 'string' } } }),
    },
    (async () => {
      await answerTool.promise
      return { content: [{ type: 'text', text: 'paid' }] }
    }) as never,
  )
}

let model: ScriptedModel
let mcp: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>
/** How often the operator looked at its clock. */
let looks = 0

beforeAll(async () => {
  model = await scriptedModel(async (spoken, results, order) => {
    await answerModel
    return spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { order } }] } : { text: results.join() }
  })
  mcp = await startMcpServer('Modern', slow)
  const now = () => {
    looks++
    return Date.now()
  }
  world = await newWorld('time', { clock: { now, after: systemClock.after } })
  const toolsets = [{ name: 'shop', timeoutSeconds: 20, retryUnknown: false, mcp: { url: mcp.url } }]
  const limits = { maxTurns: 5, maxRunSeconds: 2 }
  const gated = { tools: [{ name: 'shop.pay' }] } as NonNullable<AgentSpec['approval']>
  await world.createAgent(anAgent(world.namespace, model.url, { name: 'free', toolsets, limits }))
  await world.createAgent(
    anAgent(world.namespace, model.url, { name: 'gated', toolsets, limits, approval: gated }),
  )
})
afterAll(async () => {
  answerTool.resolve()
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const start = (name: string, agent: string) =>
  world.createRun(aRun(world.namespace, name, { agentRef: { name: agent }, input: name }))

describe('a run whose time is over', () => {
  it('while a tool is called, waits for its answer without looking again and again, and fails', async () => {
    await start('calls', 'free')
    await world.untilRun('calls', run => world.step(run, '1.0')?.state === 'Executing')
    await world.untilRun('calls', run => run.status?.failure?.reason === 'MaxRunSeconds')
    const before = looks
    await delay(1_000)
    expect(looks - before).toBeLessThan(200)
    answerTool.resolve()
    const run = await world.untilEnded('calls')
    expect(run.status?.failure?.reason).toBe('MaxRunSeconds')
    expect(world.step(run, '1.0')?.state).toBe('Succeeded')
  })

  it('while the model is asked, fails', async () => {
    const hold = Promise.withResolvers<void>()
    answerModel = hold.promise
    await start('asks', 'free')
    const run = await world.untilEnded('asks')
    answerModel = undefined
    hold.resolve()
    expect(run.status?.failure?.reason).toBe('MaxRunSeconds')
    expect(run.status?.turns).toBe(0)
  })

  it('is not one that waits for people', async () => {
    await start('waits', 'gated')
    await world.untilRun('waits', run => run.status?.phase === 'AwaitingApproval')
    await delay(3_000)
    expect((await world.run('waits')).status?.phase).toBe('AwaitingApproval')
    await world.decide('waits-1-0', 'Approve')
    const run = await world.untilEnded('waits')
    expect(run.status?.phase).toBe('Succeeded')
    expect(run.status?.waitedSeconds).toBeGreaterThanOrEqual(3)
  })
})

describe('a run that is cancelled while its tool is called', () => {
  it('waits for the answer, records it, and ends as Cancelled without a failure', async () => {
    answerTool = Promise.withResolvers<void>()
    await start('cancelled', 'free')
    await world.untilRun('cancelled', run => world.step(run, '1.0')?.state === 'Executing')
    await adminClient().patch(
      agentRuns,
      { namespace: world.namespace, name: 'cancelled' },
      { type: 'merge', body: { spec: { cancel: true } } },
    )
    await delay(100)
    answerTool.resolve()
    const run = await world.untilEnded('cancelled')
    expect(run.status).toMatchObject({ phase: 'Cancelled' })
    expect(run.status?.failure).toBeUndefined()
    const told = (await world.audit()).filter(entry => entry.run === 'cancelled').map(({ action }) => action)
    expect(told).toEqual(['RunStarted', 'ToolExecuting', 'ToolExecuted', 'RunEnded'])
    const made = callsSeen(mcp).filter(call => (call.arguments as { order: string }).order === 'cancelled')
    expect(made).toHaveLength(1)
  })
})
