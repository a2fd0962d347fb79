import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, describe, expect, it } from 'vitest'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import { callsSeen, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { movableClock } from '../../testing/movable-clock.ts'
import { scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'
import { findCondition } from '../conditions.ts'

/** Longer than any test takes. */
const PATIENCE_MS = 600_000

const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

const isQueued = ({ status }: AgentRun): boolean =>
  findCondition(status?.conditions, 'Complete')?.reason === 'Queued'

/**
 * A world in which one question is asked and one call is made at a time. The first question about `hold`, and the first
 * call of a tool, take until `release`. Runs of `brief` may take a minute, of the others a day. Payments are gated; of
 * `hasty` refunds are, for half a minute.
 */
const oneAtATime = async () => {
  const clock = movableClock()
  const world = await newWorld('late', {
    clock,
    limits: { perProject: 9, perModel: 1, perToolset: 1 },
    modelTimeoutMs: PATIENCE_MS,
  })
  closing.push(() => world.stop())
  const hold = Promise.withResolvers<void>()
  const about: string[] = []
  const model = await scriptedModel(async (spoken, results, input) => {
    about.push(input)
    if (input === 'hold') await hold.promise
    const tools = { pay: ['pay'], both: ['pay', 'refund'] }[input]
    if (spoken > 0 || !tools) return { text: results.join() }
    return { calls: tools.map(tool => ({ tool: `shop.${tool}`, params: {} })) }
  })
  closing.push(() => model.server.stop())
  const server = await startMcpServer('Modern', (mcp: McpServer) => {
    for (const tool of ['pay', 'refund'])
      mcp.registerTool(
        tool,
        { description: tool, inputSchema: fromJsonSchema<object>({ type: 'object' }) },
        (async () => {
          await hold.promise
          return { content: [{ type: 'text', text: tool }] }
        }) as never,
      )
  })
  closing.push(() => server.http.stop())
  const toolsets = [{ name: 'shop', timeoutSeconds: 600, retryUnknown: false, mcp: { url: server.url } }]
  const agent = (name: string, maxRunSeconds: number, gate: string, timeoutSeconds: number) =>
    world.createAgent(
      anAgent(world.namespace, model.url, {
        name,
        toolsets,
        approval: { tools: [{ name: gate }], timeoutSeconds } as never,
        limits: { maxTurns: 5, maxRunSeconds },
      }),
    )
  await agent('order-manager', 86_400, 'shop.pay', 3600)
  await agent('brief', 60, 'shop.pay', 3600)
  await agent('hasty', 86_400, 'shop.refund', 30)
  const start = (name: string, input: string, agentName = 'order-manager') =>
    world.createRun(aRun(world.namespace, name, { agentRef: { name: agentName }, input }))
  /** Starts a run and approves its first call. */
  const approved = async (name: string, input: string, agentName?: string) => {
    await start(name, input, agentName)
    await world.untilRequest(`${name}-1-0`, ({ status }) => status.expiresAt !== undefined)
    await world.decide(`${name}-1-0`, 'Approve')
  }
  const called = (times: number) => expect.poll(() => callsSeen(server).length).toBe(times)
  return { world, clock, about, start, approved, called, release: hold.resolve }
}

describe('a run in line', () => {
  it('for its model ends when its time is over, and gives up its place', async () => {
    const { world, clock, about, start, release } = await oneAtATime()
    await start('holds', 'hold')
    await expect.poll(() => about).toEqual(['hold'])
    await start('late', 'late', 'brief')
    await world.untilRun('late', isQueued)
    await start('next', 'next')
    await world.untilRun('next', isQueued)
    clock.move(61_000)
    const late = await world.untilEnded('late')
    expect(late.status).toMatchObject({ phase: 'Failed', turns: 0, failure: { reason: 'MaxRunSeconds' } })
    release()
    expect((await world.untilEnded('next')).status?.phase).toBe('Succeeded')
    expect(about).toEqual(['hold', 'next'])
  })

  it('for the tool of an approved call ends when its time is over, its call not made, and gives up its place', async () => {
    const { world, clock, approved, called, release } = await oneAtATime()
    await approved('holds', 'pay', 'brief')
    await called(1)
    await approved('late', 'pay', 'brief')
    await world.untilRun('late', isQueued)
    clock.move(61_000)
    const late = await world.untilEnded('late')
    expect(late.status).toMatchObject({ phase: 'Failed', failure: { reason: 'MaxRunSeconds' } })
    expect(world.step(late, '1.0')?.state).toBe('NotExecuted')
    // What was begun is waited for.
    expect(world.step(await world.run('holds'), '1.0')?.state).toBe('Executing')
    release()
    await world.untilEnded('holds')
    await approved('next', 'pay', 'brief')
    expect((await world.untilEnded('next')).status?.phase).toBe('Succeeded')
    await called(2)
  })

  it(
    'for the tool of a call ends when the call beside it expires, and gives up its place',
    async () => {
      const { world, start, approved, called, release } = await oneAtATime()
      await approved('holds', 'pay')
      await called(1)
      await start('late', 'both', 'hasty')
      await world.untilRun('late', run => run.status?.phase === 'AwaitingApproval')
      await approved('next', 'pay')
      await world.untilRun('next', isQueued)
      const late = await world.untilEnded('late', PATIENCE_MS)
      expect(late.status).toMatchObject({ phase: 'Failed', failure: { reason: 'ApprovalExpired' } })
      expect(['1.0', '1.1'].map(id => world.step(late, id)?.state)).toEqual(['NotExecuted', 'Expired'])
      release()
      for (const name of ['holds', 'next'])
        expect((await world.untilEnded(name)).status?.phase).toBe('Succeeded')
      await called(2)
    },
    PATIENCE_MS,
  )
})
