import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { ApiError } from '../../../kube/errors.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type Fault, faultyClient, once, type Write } from '../../testing/faulty-client.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, operatorClient } from '../../testing/world.ts'
import { findCondition } from '../conditions.ts'

const pay = (server: McpServer): void => {
  server.registerTool(
    'pay',
    {
      description: 'pays',
      inputSchema: fromJsonSchema<{ order: string }>({
        type: 'object',
        properties: { order: { type: 'string' } },
      }),
    },
    (async () => ({ content: [{ type: 'text', text: 'paid' }] })) as never,
  )
}

let model: ScriptedModel
let mcp: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>
/** What becomes of the operator's writes; each test sets its own. */
let fault: (write: Write) => Fault = () => undefined

beforeAll(async () => {
  model = await scriptedModel((spoken, results, order) =>
    spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { order } }] } : { text: results.join() },
  )
  mcp = await startMcpServer('Modern', pay)
  world = await newWorld('faults', { client: faultyClient(operatorClient(), write => fault(write)) })
  const toolsets = [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url: mcp.url } }]
  await world.createAgent(
    anAgent(world.namespace, model.url, {
      name: 'gated',
      toolsets,
      approval: { tools: [{ name: 'shop.pay' }] } as NonNullable<AgentSpec['approval']>,
    }),
  )
  await world.createAgent(anAgent(world.namespace, model.url, { name: 'free', toolsets }))
})
afterAll(async () => {
  fault = () => undefined
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const calls = (order: string) =>
  callsSeen(mcp).filter(call => (call.arguments as { order: string }).order === order)

const story = async (run: string) =>
  (await world.audit()).filter(entry => entry.run === run).map(({ action }) => action)

const start = (name: string, agent: string) =>
  world.createRun(aRun(world.namespace, name, { agentRef: { name: agent }, input: name }))

type Body = {
  readonly metadata?: { readonly name?: string; readonly finalizers?: readonly string[] }
  readonly status?: {
    readonly phase?: string
    readonly turns?: number
    readonly steps?: readonly { readonly state?: string }[]
    readonly decidedAt?: string
    readonly results?: readonly unknown[]
  }
  readonly spec?: { readonly entries?: readonly { readonly action: string }[] }
}

const of = (what: string, holds: (body: Body) => boolean) => (write: Write) =>
  write.what === what && holds(write.body as Body)
const last = (body: Body) => body.status?.steps?.at(-1)?.state
const records = (action: string) =>
  of('auditrecords', body => body.spec?.entries?.some(entry => entry.action === action) ?? false)

/** Every write in the life of a run with one call that a gate stops. */
const writes: Record<string, (write: Write) => boolean> = {
  'the start of the run': of('agentruns/status', ({ status }) => status?.turns === 0),
  'the record of its start': records('RunStarted'),
  'the transcript of the turn': of('agentturns', () => true),
  'the finalizer put on': write => write.verb === 'patch' && write.what === 'agentruns',
  'the request': of('approvalrequests', () => true),
  'the record of the request': records('ApprovalRequested'),
  'the turn in the trace, AwaitingApproval': of(
    'agentruns/status',
    body => last(body) === 'AwaitingApproval',
  ),
  'the times of the request': of('approvalrequests/status', ({ status }) => status?.phase === 'Pending'),
  'the verdict': of('approvalrequests/status', ({ status }) => status?.phase === 'Approved'),
  'the record of the verdict': records('ApprovalApproved'),
  'Executing in the trace': of('agentruns/status', body => last(body) === 'Executing'),
  'the record of the intent': records('ToolExecuting'),
  'the result in the transcript': of('agentturns/status', ({ status }) => status?.results?.length === 1),
  'the record of the result': records('ToolExecuted'),
  'the result in the trace': of('agentruns/status', body => last(body) === 'Succeeded'),
  'the record of the end': records('RunEnded'),
  'the end of the run': of('agentruns/status', ({ status }) => status?.phase === 'Succeeded'),
  'the finalizer taken off': write =>
    write.verb === 'patch' &&
    write.what === 'agentruns' &&
    (write.body as Body).metadata?.finalizers?.length === 0,
}

describe.each(['Before', 'After'] as const)('a connection that breaks %s', when => {
  it.each(Object.keys(writes).map((what, index) => [what, index] as const))(
    '%s landed: the tool is called once and the story is whole',
    async (what, index) => {
      const name = `${when.toLowerCase()}-${index}`
      const broken = once(when, writes[what] as (write: Write) => boolean)
      fault = broken.fault
      await start(name, 'gated')
      await world.untilRequest(`${name}-1-0`)
      await world.decide(`${name}-1-0`, 'Approve')
      const run = await world.untilEnded(name)
      await world.untilRun(name, ({ metadata }) => (metadata.finalizers ?? []).length === 0)
      expect(broken.done()).toBe(true)
      expect(run.status?.phase).toBe('Succeeded')
      expect(calls(name)).toHaveLength(1)
      expect(await story(name)).toEqual([
        'RunStarted',
        'ApprovalRequested',
        'ApprovalApproved',
        'ToolExecuting',
        'ToolExecuted',
        'RunEnded',
      ])
    },
  )
})

describe('an audit log that cannot be written', () => {
  it.each([
    ['gated', 'ApprovalRequested'],
    ['gated', 'ToolExecuting'],
    ['free', 'ToolExecuting'],
  ] as const)('holds up a %s call before %s, says so, and lets it go on later', async (agent, action) => {
    const name = `unrecorded-${agent}-${action.toLowerCase()}`
    const refused = records(action)
    fault = write => (refused(write) ? new ApiError(403, 'Forbidden', 'no') : undefined)
    await start(name, agent)
    if (agent === 'gated') {
      await world.untilRequest(`${name}-1-0`)
      await world.decide(`${name}-1-0`, 'Approve')
    }
    const held = await world.untilRun(
      name,
      run => findCondition(run.status?.conditions, 'Complete')?.reason === 'AuditUnavailable',
    )
    expect(findCondition(held.status?.conditions, 'Complete')?.message).toContain('403 Forbidden')
    expect(calls(name)).toHaveLength(0)
    fault = () => undefined
    const run = await world.untilEnded(name)
    expect(run.status?.phase).toBe('Succeeded')
    expect(calls(name)).toHaveLength(1)
    const told = await story(name)
    expect(told.filter(one => one === action)).toHaveLength(1)
    expect(told.indexOf('ToolExecuting')).toBeLessThan(told.indexOf('ToolExecuted'))
  })
})
