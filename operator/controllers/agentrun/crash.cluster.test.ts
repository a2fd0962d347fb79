import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { cluster, testNamespace } from '../../../hack/testing.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { operatorKubeconfig, spawnOperator } from '../../testing/process.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, type World, worldIn } from '../../testing/world.ts'

/** A tool that says when it was called and answers when it is told to. */
const hanging = () => {
  const called = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const register = (server: McpServer): void => {
    server.registerTool(
      'pay',
      {
        description: 'pays',
        inputSchema: fromJsonSchema<{ amount: number }>({
          type: 'object',
          properties: { amount: { type: 'number' } },
        }),
      },
      (async () => {
        called.resolve()
        await release.promise
        return { content: [{ type: 'text', text: 'paid' }] }
      }) as never,
    )
  }
  return { called: called.promise, release: release.resolve, register }
}

let folder: string
let kubeconfig: string
let model: ScriptedModel
const servers: McpTestServer[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-crash-'))
  kubeconfig = await operatorKubeconfig(folder, cluster())
  model = await scriptedModel((spoken, results) =>
    spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { amount: 5 } }] } : { text: results.join() },
  )
})
afterAll(async () => {
  for (const server of servers) await server.http.stop()
  await model.server.stop()
  rmSync(folder, { recursive: true })
})

const prepare = async (
  approval: Partial<NonNullable<AgentSpec['approval']>> | undefined,
  retryUnknown = false,
): Promise<{ world: World; mcp: McpTestServer; tool: ReturnType<typeof hanging> }> => {
  const world = worldIn(await testNamespace('crash'))
  const tool = hanging()
  const mcp = await startMcpServer('Modern', tool.register)
  servers.push(mcp)
  const agent = anAgent(world.namespace, model.url, {
    toolsets: [{ name: 'shop', timeoutSeconds: 60, retryUnknown, mcp: { url: mcp.url } }],
    ...(approval ? { approval: approval as NonNullable<AgentSpec['approval']> } : {}),
  })
  const created = world.createAgent(agent)
  created.catch(() => undefined)
  return { world, mcp, tool }
}

describe('an operator that is killed', () => {
  it('while a call waits: the next one calls once when it is approved', async () => {
    const { world, mcp, tool } = await prepare({ tools: [{ name: 'shop.pay' }] })
    const first = await spawnOperator(world.namespace, kubeconfig)
    await world.createRun(aRun(world.namespace, 'waits'))
    await world.untilRequest('waits-1-0')
    await first.kill()
    await world.decide('waits-1-0', 'Approve')
    tool.release()
    const second = await spawnOperator(world.namespace, kubeconfig)
    const run = await world.untilEnded('waits')
    await second.kill()
    expect(run.status?.phase).toBe('Succeeded')
    expect(callsSeen(mcp)).toHaveLength(1)
    const story = (await world.audit()).filter(({ run }) => run === 'waits').map(({ action }) => action)
    expect(story).toEqual([
      'RunStarted',
      'ApprovalRequested',
      'ApprovalApproved',
      'ToolExecuting',
      'ToolExecuted',
      'RunEnded',
    ])
  }, 240_000)

  it.each([
    ['Fail', 'Failed', 'OutcomeUnknown'],
    ['Continue', 'Succeeded', undefined],
  ] as const)(
    'while the tool is being called: nobody calls again, the outcome is Unknown (%s)',
    async (onRejection, phase, reason) => {
      const { world, mcp, tool } = await prepare({ tools: [{ name: 'shop.pay' }], onRejection })
      const first = await spawnOperator(world.namespace, kubeconfig)
      await world.createRun(aRun(world.namespace, 'middle'))
      await world.untilRequest('middle-1-0')
      await world.decide('middle-1-0', 'Approve')
      await tool.called
      await first.kill()
      tool.release()
      const second = await spawnOperator(world.namespace, kubeconfig)
      const run = await world.untilEnded('middle')
      await second.kill()
      expect(world.step(run, '1.0')?.state).toBe('Unknown')
      expect(run.status?.phase).toBe(phase)
      expect(run.status?.failure?.reason).toBe(reason)
      expect(callsSeen(mcp)).toHaveLength(1)
      const executed = (await world.audit()).find(({ action }) => action === 'ToolExecuted')
      expect(executed?.outcome).toBe('Unknown')
    },
    240_000,
  )

  it('while an ungated tool is called that may be called again: the next one does, with the same key', async () => {
    const { world, mcp, tool } = await prepare(undefined, true)
    const first = await spawnOperator(world.namespace, kubeconfig)
    await world.createRun(aRun(world.namespace, 'again'))
    await tool.called
    await first.kill()
    tool.release()
    const second = await spawnOperator(world.namespace, kubeconfig)
    const run = await world.untilEnded('again')
    await second.kill()
    expect(run.status?.phase).toBe('Succeeded')
    const keys = callsSeen(mcp).map(
      ({ _meta }) => (_meta as Record<string, unknown>)['countersign.dev/idempotency-key'],
    )
    expect(keys).toEqual([`${run.metadata.uid}-1.0`, `${run.metadata.uid}-1.0`])
  }, 240_000)
})
