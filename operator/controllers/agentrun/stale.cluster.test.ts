import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { agents, approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, eventually } from '../../../hack/testing.ts'
import { ApiError } from '../../../kube/errors.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type Fault, faultyClient, type Write } from '../../testing/faulty-client.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, operatorClient } from '../../testing/world.ts'
import { findCondition } from '../conditions.ts'

const tools = (server: McpServer): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<{ order: string }>({
        type: 'object',
        properties: { order: { type: 'string' }, card: { type: 'string' } },
      }),
    },
    (async ({ card }: { card?: string }) => ({ content: [{ type: 'text', text: `paid ${card}` }] })) as never,
  )
}

const CARD = '4111222233334444'

let model: ScriptedModel
let mcp: McpTestServer
let other: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>
let fault: (write: Write) => Fault = () => undefined
/** By plural, what holds the events of a watch. */
const late = new Map<string, Promise<void>>()
/** What holds the model's answer. */
let thinking: Promise<void> | undefined

const payFor = (order: string) => ({ calls: [{ tool: 'shop.pay', params: { order, card: CARD } }] })

beforeAll(async () => {
  model = await scriptedModel(async (spoken, results, order) => {
    await thinking
    if (spoken > 0) return { text: results.join() }
    const said = payFor(order)
    return order === 'siblings' ? { calls: ['first', 'second'].flatMap(one => payFor(one).calls) } : said
  })
  mcp = await startMcpServer('Modern', tools)
  other = await startMcpServer('Modern', tools)
  world = await newWorld('stale', {
    client: faultyClient(
      operatorClient(),
      write => fault(write),
      ({ plural }) => late.get(plural),
    ),
  })
})
afterAll(async () => {
  fault = () => undefined
  late.clear()
  await world.stop()
  for (const server of [mcp, other]) await server.http.stop()
  await model.server.stop()
})

const gated = {
  tools: [{ name: 'shop.pay' }],
  redact: ['param.card'],
} as unknown as NonNullable<AgentSpec['approval']>

const create = (name: string, approval: NonNullable<AgentSpec['approval']> | undefined) =>
  world.createAgent(
    anAgent(world.namespace, model.url, {
      name,
      toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: mcp.url } }],
      ...(approval ? { approval } : {}),
    }),
  )
const start = (name: string) =>
  world.createRun(aRun(world.namespace, name, { agentRef: { name }, input: name }))
const calls = (order: string, server = mcp) =>
  callsSeen(server).filter(call => (call.arguments as { order: string }).order === order)
const patchAgent = (name: string, path: string, value: unknown) =>
  adminClient().patch(
    agents,
    { namespace: world.namespace, name },
    { type: 'json', body: [{ op: 'replace', path, value }] },
  )
const isExecuting = ({ what, body }: Write): boolean =>
  what === 'agentruns/status' && JSON.stringify(body).includes('"state":"Executing"')

describe('a cache that is behind', () => {
  it('does not make a call Unknown whose Executing landed without an answer, though the next write conflicts', async () => {
    await create('behind', gated)
    const release = Promise.withResolvers<void>()
    let writes = 0
    fault = write => {
      if (!isExecuting(write)) return undefined
      writes++
      if (writes === 1) late.set('agentruns', release.promise)
      return writes === 1 ? 'After' : undefined
    }
    await start('behind')
    await world.untilRequest('behind-1-0')
    await world.untilRun('behind', run => run.status?.phase === 'AwaitingApproval')
    await world.decide('behind-1-0', 'Approve')
    await eventually(() => writes >= 3)
    expect(calls('behind')).toHaveLength(0)
    late.clear()
    release.resolve()
    const run = await world.untilEnded('behind')
    fault = () => undefined
    expect(run.status?.phase).toBe('Succeeded')
    expect(calls('behind')).toHaveLength(1)
  })

  it('does not let an approved call go to a toolset that was edited since', async () => {
    await create('edited', gated)
    await start('edited')
    await world.untilRun('edited', run => run.status?.phase === 'AwaitingApproval')
    const release = Promise.withResolvers<void>()
    late.set('agents', release.promise)
    await patchAgent('edited', '/spec/toolsets/0/mcp/url', other.url)
    await world.decide('edited-1-0', 'Approve')
    const run = await world.untilEnded('edited')
    late.clear()
    release.resolve()
    expect(run.status?.failure?.reason).toBe('CallChanged')
    expect([...calls('edited'), ...calls('edited', other)]).toEqual([])
  })
})

describe('a call whose Executing stands but that could not be recorded', () => {
  it('is checked again before it is made: a toolset edited meanwhile gets no call', async () => {
    await create('resumed', gated)
    await start('resumed')
    await world.untilRun('resumed', run => run.status?.phase === 'AwaitingApproval')
    fault = ({ what, body }) =>
      what === 'auditrecords' && JSON.stringify(body).includes('ToolExecuting')
        ? new ApiError(403, 'Forbidden', 'no')
        : undefined
    await world.decide('resumed-1-0', 'Approve')
    await world.untilRun(
      'resumed',
      run => findCondition(run.status?.conditions, 'Complete')?.reason === 'AuditUnavailable',
    )
    expect(world.step(await world.run('resumed'), '1.0')?.state).toBe('Executing')
    await patchAgent('resumed', '/spec/toolsets/0/mcp/url', other.url)
    // Still refused: a look that was under way before the edit would else record and call what it had checked.
    const run = await world.untilEnded('resumed')
    fault = () => undefined
    expect(run.status?.failure?.reason).toBe('CallChanged')
    expect([...calls('resumed'), ...calls('resumed', other)]).toEqual([])
  })
})

describe('an agent that is edited while its model is asked', () => {
  it('is not un-gated by a gate that was made wrong', async () => {
    await create('misspelt', gated)
    const answer = Promise.withResolvers<void>()
    thinking = answer.promise
    await start('misspelt')
    await eventually(() =>
      model.asked.some(messages => messages.some(({ content }) => content === 'misspelt')),
    )
    await patchAgent('misspelt', '/spec/approval/tools/0/name', 'shop.pya')
    await eventually(async () => {
      const agent = await adminClient().get(agents, { namespace: world.namespace, name: 'misspelt' })
      return findCondition(agent.status?.conditions, 'ToolsResolved')?.reason === 'UnknownTool'
    })
    thinking = undefined
    answer.resolve()
    await world.untilRun(
      'misspelt',
      run => findCondition(run.status?.conditions, 'Complete')?.reason === 'AgentNotReady',
    )
    expect(calls('misspelt')).toHaveLength(0)
    await patchAgent('misspelt', '/spec/approval/tools/0/name', 'shop.pay')
    await world.untilRequest('misspelt-1-0')
    expect(calls('misspelt')).toHaveLength(0)
    await world.decide('misspelt-1-0', 'Approve')
    expect((await world.untilEnded('misspelt')).status?.phase).toBe('Succeeded')
    expect(calls('misspelt')).toHaveLength(1)
  })
})

describe('a redacted value', () => {
  it('that the tool repeats is shown to nobody after a restart either', async () => {
    await create('restarted', gated)
    await start('restarted')
    await world.untilRun('restarted', run => run.status?.phase === 'AwaitingApproval')
    await world.stop()
    world.restart()
    await world.decide('restarted-1-0', 'Approve')
    const run = await world.untilEnded('restarted')
    expect(run.status?.output).toBe('paid [redacted]')
    const request = await adminClient().get(approvalRequests, {
      namespace: world.namespace,
      name: 'restarted-1-0',
    })
    expect(JSON.stringify([run, request, await world.audit()])).not.toContain(CARD)
  })

  it('is not recorded when the agent that hides it is deleted while the tool is called', async () => {
    await create('doomed', { redact: ['param.card'] } as unknown as NonNullable<AgentSpec['approval']>)
    fault = ({ what, body }) => {
      const result = what === 'auditrecords' && JSON.stringify(body).includes('ToolExecuted')
      return result && !gone ? new ApiError(403, 'Forbidden', 'not yet') : undefined
    }
    let gone = false
    await start('doomed')
    await world.untilRun('doomed', run => world.step(run, '1.0')?.state === 'Executing')
    await adminClient().delete(agents, { namespace: world.namespace, name: 'doomed' })
    gone = true
    const run = await world.untilEnded('doomed')
    fault = () => undefined
    expect(run.status?.failure?.reason).toBe('AgentDeleted')
    const entries = (await world.audit()).filter(entry => entry.run === 'doomed')
    expect(entries.map(({ action }) => action)).toContain('ToolExecuted')
    expect(JSON.stringify([run, entries])).not.toContain(CARD)
  })
})

describe('two calls that are decided while no operator looks', () => {
  it('are not called where one of them fails the run', async () => {
    await create('siblings', gated)
    await start('siblings')
    await Promise.all([world.untilRequest('siblings-1-0'), world.untilRequest('siblings-1-1')])
    await world.untilRun('siblings', run => run.status?.phase === 'AwaitingApproval')
    await world.stop()
    await world.decide('siblings-1-0', 'Approve')
    await world.decide('siblings-1-1', 'Reject', 'not both')
    // Settled by now, as a crash between the two would leave them.
    for (const [name, phase] of [
      ['siblings-1-0', 'Approved'],
      ['siblings-1-1', 'Rejected'],
    ] as const) {
      await operatorClient().patch(
        approvalRequests,
        { namespace: world.namespace, name },
        { type: 'merge', body: { status: { phase } } },
        { subresource: 'status' },
      )
    }
    world.restart()
    const run = await world.untilEnded('siblings')
    expect(run.status?.failure?.reason).toBe('ApprovalRejected')
    expect(['1.0', '1.1'].map(id => world.step(run, id)?.state)).toEqual(['NotExecuted', 'Rejected'])
    expect([...calls('first'), ...calls('second')]).toEqual([])
    const told = (await world.audit()).filter(entry => entry.run === 'siblings')
    expect(told.filter(({ action }) => action === 'ToolExecuting')).toEqual([])
    expect(told.at(-1)).toMatchObject({ action: 'RunEnded', outcome: 'Failed' })
  })
})

describe('a gated call whose tool is gone before anybody could be asked', () => {
  it('is not made, nobody is asked any more, and the model is told', async () => {
    await create('toolless', gated)
    let refused = 0
    fault = ({ what, verb }) => {
      if (verb !== 'create' || what !== 'approvalrequests') return undefined
      refused++
      return 'Before'
    }
    await start('toolless')
    await expect.poll(() => refused).toBeGreaterThan(0)
    await world.stop()
    await adminClient().patch(
      agents,
      { namespace: world.namespace, name: 'toolless' },
      { type: 'merge', body: { spec: { toolsets: [], approval: { tools: [] } } } },
    )
    fault = () => undefined
    world.restart()
    const run = await world.untilEnded('toolless')
    expect(world.step(run, '1.0')).toMatchObject({
      state: 'Failed',
      result: expect.stringContaining('no tool'),
    })
    expect(calls('toolless')).toEqual([])
    const requests = await adminClient().list(approvalRequests, { namespace: world.namespace })
    expect(requests.items.filter(({ spec }) => spec.runRef.name === 'toolless')).toEqual([])
  })
})
