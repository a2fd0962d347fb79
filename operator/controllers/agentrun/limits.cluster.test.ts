import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, describe, expect, it } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, cluster, testNamespace } from '../../../hack/testing.ts'
import { callsSeen, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { movableClock } from '../../testing/movable-clock.ts'
import { operatorKubeconfig, spawnOperator } from '../../testing/process.ts'
import { scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, type World, worldIn } from '../../testing/world.ts'
import { findCondition } from '../conditions.ts'

/** Longer than any test takes. */
const PATIENCE_MS = 600_000

const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

/** Counts how much is under way at once. */
const gauge = () => {
  let now = 0
  let most = 0
  return {
    most: () => most,
    during: async <T>(work: () => Promise<T>): Promise<T> => {
      most = Math.max(most, ++now)
      try {
        return await work()
      } finally {
        now--
      }
    },
  }
}

const payServer = async (pay: () => Promise<void>, describe = () => 'pays') => {
  const server = await startMcpServer('Modern', (mcp: McpServer) => {
    mcp.registerTool(
      'pay',
      { description: describe(), inputSchema: fromJsonSchema<object>({ type: 'object' }) },
      (async () => {
        await pay()
        return { content: [{ type: 'text', text: 'paid' }] }
      }) as never,
    )
  })
  closing.push(() => server.http.stop())
  return server
}

const isQueued = ({ status }: AgentRun): boolean =>
  findCondition(status?.conditions, 'Complete')?.reason === 'Queued'

const names = (count: number) => Array.from({ length: count }, (_, index) => `run-${index}`)
const create = (world: World, runs: readonly string[], input = 'go') =>
  Promise.all(runs.map(run => world.createRun(aRun(world.namespace, run, { input }))))

describe('how much is under way at once', () => {
  it('is never more than may be, and all of it is done in the end', async () => {
    const world = await newWorld('limits', { limits: { perProject: 100, perModel: 3, perToolset: 2 } })
    closing.push(() => world.stop())
    const [asked, called] = [gauge(), gauge()]
    const model = await scriptedModel((spoken, results) =>
      asked.during(async () => {
        await delay(10)
        return spoken === 0
          ? { calls: [1, 2, 3].map(() => ({ tool: 'shop.pay', params: {} })) }
          : { text: results.join() }
      }),
    )
    closing.push(() => model.server.stop())
    const server = await payServer(() => called.during(() => delay(10)))
    await world.createAgent(
      anAgent(world.namespace, model.url, {
        toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: server.url } }],
      }),
    )
    const runs = names(20)
    await create(world, runs)
    const ended = await Promise.all(runs.map(run => world.untilEnded(run)))
    expect(ended.map(({ status }) => status?.output)).toEqual(runs.map(() => 'paid,paid,paid'))
    expect(callsSeen(server)).toHaveLength(60)
    expect(called.most()).toBeLessThanOrEqual(2)
    expect(asked.most()).toBeLessThanOrEqual(3)
  })

  it('is counted by server: agents whose toolsets are at one address share its limit', async () => {
    const world = await newWorld('limits', { limits: { perProject: 9, perModel: 9, perToolset: 1 } })
    closing.push(() => world.stop())
    const model = await scriptedModel((spoken, results, input) =>
      spoken === 0 ? { calls: [{ tool: `${input}.pay`, params: {} }] } : { text: results.join() },
    )
    closing.push(() => model.server.stop())
    const hold = Promise.withResolvers<void>()
    const server = await payServer(() => hold.promise)
    for (const name of ['shop', 'orders']) {
      const mcp = { url: `${server.url}?team=${name}` }
      const toolsets = [{ name, timeoutSeconds: 600, retryUnknown: false, mcp }]
      await world.createAgent(anAgent(world.namespace, model.url, { name, toolsets }))
    }
    const start = (name: string) =>
      world.createRun(aRun(world.namespace, name, { agentRef: { name }, input: name }))
    await start('shop')
    await expect.poll(() => callsSeen(server).length).toBe(1)
    await start('orders')
    await world.untilRun('orders', isQueued)
    hold.resolve()
    for (const name of ['shop', 'orders']) expect((await world.untilEnded(name)).status?.output).toBe('paid')
  })

  it('makes a run say that it stands in line, and one that is cancelled there is never asked about', async () => {
    const world = await newWorld('limits', {
      limits: { perProject: 1, perModel: 9, perToolset: 9 },
      modelTimeoutMs: PATIENCE_MS,
    })
    closing.push(() => world.stop())
    const hang = Promise.withResolvers<void>()
    const model = await scriptedModel(async (_spoken, _results, input) => {
      if (input === 'hang') await hang.promise
      return { text: 'done' }
    })
    closing.push(() => model.server.stop())
    await world.createAgent(anAgent(world.namespace, model.url))
    await create(world, ['first'], 'hang')
    await expect.poll(() => model.asked.length).toBe(1)
    await create(world, ['second', 'third'])
    const second = await world.untilRun('second', isQueued)
    expect(findCondition(second.status?.conditions, 'Complete')?.message).toMatch(
      /turn with the model.*--max-/,
    )
    await adminClient().patch(
      agentRuns,
      { namespace: world.namespace, name: 'second' },
      { type: 'merge', body: { spec: { cancel: true } } },
    )
    expect((await world.untilEnded('second')).status?.phase).toBe('Cancelled')
    hang.resolve()
    await Promise.all(['first', 'third'].map(run => world.untilEnded(run)))
    expect(model.asked).toHaveLength(2)
  })

  it('puts the calls of a run that stood long in line to the gates with the tools as they are by then', async () => {
    const clock = movableClock()
    const world = await newWorld('limits', {
      clock,
      limits: { perProject: 9, perModel: 1, perToolset: 9 },
      modelTimeoutMs: PATIENCE_MS,
    })
    closing.push(() => world.stop())
    const hold = Promise.withResolvers<void>()
    const model = await scriptedModel(async (spoken, results, input) => {
      if (input === 'hold') await hold.promise
      return spoken === 0 && input === 'pay'
        ? { calls: [{ tool: 'shop.pay', params: {} }] }
        : { text: results.join() }
    })
    closing.push(() => model.server.stop())
    let says = 'pays'
    const server = await payServer(
      () => Promise.resolve(),
      () => says,
    )
    await world.createAgent(
      anAgent(world.namespace, model.url, {
        toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: server.url } }],
      }),
    )
    await create(world, ['first'], 'hold')
    await expect.poll(() => model.asked.length).toBe(1)
    await create(world, ['second'], 'pay')
    await world.untilRun('second', isQueued)
    says = 'pays twice'
    clock.move(61_000)
    hold.resolve()
    const request = await world.untilRequest('second-1-0')
    expect(request.spec.gates).toMatchObject([{ outcome: 'ToolChanged' }])
    expect(callsSeen(server)).toHaveLength(0)
  })

  it('leaves a call that stands in line unbegun, so that a crash loses none but the one under way', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-limits-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    const kubeconfig = await operatorKubeconfig(folder, cluster())
    const world = worldIn(await testNamespace('limits'))
    const model = await scriptedModel((spoken, results) =>
      spoken === 0 ? { calls: [{ tool: 'shop.pay', params: {} }] } : { text: results.join() },
    )
    closing.push(() => model.server.stop())
    const release = Promise.withResolvers<void>()
    const server = await payServer(() => release.promise)
    const start = () =>
      spawnOperator(world.namespace, kubeconfig, ['--impersonation=off', '--max-concurrent-per-toolset=1'])
    const first = await start()
    closing.push(() => first.kill())
    await world.createAgent(
      anAgent(world.namespace, model.url, {
        toolsets: [{ name: 'shop', timeoutSeconds: 60, retryUnknown: false, mcp: { url: server.url } }],
        approval: { tools: [{ name: 'shop.pay' }] } as never,
      }),
    )
    const runs = names(4)
    await create(world, runs)
    await Promise.all(runs.map(run => world.untilRequest(`${run}-1-0`, ({ status }) => !!status.expiresAt)))
    await Promise.all(runs.map(run => world.decide(`${run}-1-0`, 'Approve')))
    await expect.poll(() => callsSeen(server).length).toBe(1)
    await expect
      .poll(async () => (await Promise.all(runs.map(run => world.run(run)))).filter(isQueued).length)
      .toBe(3)
    const states = async () =>
      (await Promise.all(runs.map(run => world.run(run)))).map(run => world.step(run, '1.0')?.state).sort()
    expect(await states()).toEqual(['AwaitingApproval', 'AwaitingApproval', 'AwaitingApproval', 'Executing'])
    await first.kill()
    release.resolve()
    const second = await start()
    closing.push(() => second.kill())
    await Promise.all(runs.map(run => world.untilEnded(run)))
    expect(await states()).toEqual(['Succeeded', 'Succeeded', 'Succeeded', 'Unknown'])
    expect(callsSeen(server)).toHaveLength(4)
  })
})
