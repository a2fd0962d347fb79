// The gates of a project hold for every agent of it, whatever its author writes. With a whole operator, and people
// whom the operator has given their rights.
import { fromJsonSchema } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent, AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import type { Gate } from '../../../crds/v1alpha1/gate.ts'
import { agents, projects } from '../../../crds/v1alpha1/resources.ts'
import { outcome } from '../../../hack/admission.ts'
import { adminClient, clientFor, eventually, untilObject } from '../../../hack/testing.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'

let world: Awaited<ReturnType<typeof newWorld>>
let model: ScriptedModel
let mcp: McpTestServer

/** The project's admin: the author of its agents. */
const bob = clientFor('bob@acme.com')
const inputSchema = { type: 'object', properties: { amount: { type: 'number' } } } as const

beforeAll(async () => {
  model = await scriptedModel((spoken, results, input) =>
    spoken === 0 ? { calls: [{ tool: `shop.${input}`, params: { amount: 10 } }] } : { text: results.join() },
  )
  mcp = await startMcpServer('Modern', server => {
    for (const name of ['refund', 'cancel', 'lookup']) {
      server.registerTool(
        name,
        { description: name, inputSchema: fromJsonSchema<{ amount?: number }>(inputSchema) },
        (async () => ({ content: [{ type: 'text', text: `${name} done` }] })) as never,
      )
    }
  })
  world = await newWorld('gates')
  await adminClient().create(projects, {
    metadata: { name: 'project', namespace: world.namespace },
    spec: {
      members: [
        { user: 'alice@acme.com', role: 'Owner' },
        { user: 'bob@acme.com', role: 'Admin' },
      ],
    },
  })
  await setGates([{ name: 'shop.refund' }, { name: 'shop.c*', when: 'param.amount > 5' }])
  // The author of the agent gates next to nothing.
  await eventually(
    async () => (await outcome(bob.create(agents, theAgent(), { dryRun: true }))) === 'allowed',
  )
  await bob.create(agents, theAgent())
  await untilGates({ refund: 'Always', cancel: 'Conditional', lookup: 'None' })
})
afterAll(async () => {
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const ref = (name: string) => ({ namespace: world.namespace, name })
const theAgent = (changes: Partial<AgentSpec> = {}): Agent =>
  anAgent(world.namespace, model.url, {
    toolsets: [{ name: 'shop', timeoutSeconds: 10, retryUnknown: false, mcp: { url: mcp.url } }],
    ...changes,
  })

/** As the owner, with no other right than the project gives. */
const setGates = async (tools: readonly Gate[]) => {
  const patch = { type: 'merge', body: { spec: { approval: { tools } } } } as const
  await eventually(
    async () =>
      (await outcome(clientFor('alice@acme.com').patch(projects, ref('project'), patch))) === 'allowed',
  )
}

/** Waits until the agent shows these gates of its tools. */
const untilGates = (expected: Readonly<Record<string, string>>) =>
  untilObject(agents, ref('order-manager'), agent =>
    Object.entries(expected).every(
      ([tool, gate]) => agent?.status?.tools?.find(({ name }) => name === `shop.${tool}`)?.gate === gate,
    ),
  )

/** The gates that stop a call of this tool; that it was not executed meanwhile; then it is rejected. */
const gatesOf = async (tool: string, run: string) => {
  const before = callsSeen(mcp).length
  await world.createRun(aRun(world.namespace, run, { input: tool }))
  const request = await world.untilRequest(`${run}-1-0`)
  expect(callsSeen(mcp).length).toBe(before)
  await world.decide(`${run}-1-0`, 'Reject', 'a test')
  expect((await world.untilEnded(run)).status?.failure?.reason).toBe('ApprovalRejected')
  expect(callsSeen(mcp).length).toBe(before)
  return request.spec.gates.map(({ name, from, outcome }) => `${name} ${from} ${outcome}`)
}

describe('the gates of a project', () => {
  it('stop calls of an agent that has none', async () => {
    expect(await gatesOf('refund', 'refunds')).toEqual(['shop.refund Project Always'])
    expect(await gatesOf('cancel', 'cancels')).toEqual(['shop.c* Project ConditionTrue'])
    await world.createRun(aRun(world.namespace, 'looks', { input: 'lookup' }))
    expect((await world.untilEnded('looks')).status?.output).toBe('lookup done')
  })

  it('are not weakened by gates of the agent that say otherwise', async () => {
    const tools = [{ name: 'shop.refund', when: 'param.amount > 1000000' }]
    await bob.patch(agents, ref('order-manager'), { type: 'merge', body: { spec: { approval: { tools } } } })
    await untilGates({ refund: 'Always' })
    expect(await gatesOf('refund', 'weakened')).toEqual(['shop.refund Project Always'])
  })

  it("stand beside the agent's own in what reviewers see", async () => {
    const tools = [{ name: 'shop.refund', when: 'param.amount > 5' }]
    await bob.patch(agents, ref('order-manager'), { type: 'merge', body: { spec: { approval: { tools } } } })
    await untilObject(
      agents,
      ref('order-manager'),
      agent => agent?.status?.observedGeneration === agent?.metadata.generation,
    )
    expect(await gatesOf('refund', 'both')).toEqual([
      'shop.refund Agent ConditionTrue',
      'shop.refund Project Always',
    ])
  })

  it('cannot be changed by the author of an agent, nor taken away with the project', async () => {
    const change = { type: 'merge', body: { spec: { approval: { tools: [] } } } } as const
    expect(await outcome(bob.patch(projects, ref('project'), change))).toMatch(
      /^countersign-projects refuses: only an owner of the project changes its members and gates/,
    )
    expect(await outcome(bob.delete(projects, ref('project')))).toBe('refused by a role')
  })

  it('pause what they are about where their condition does not parse', async () => {
    await setGates([{ name: 'shop.lookup', when: 'param.amount >' }])
    await untilGates({ lookup: 'Conditional' })
    expect(await gatesOf('lookup', 'broken')).toEqual(['shop.lookup Project ConditionUnknown'])
  })

  it('show in the tools of an agent as soon as an owner changes them', async () => {
    await setGates([])
    await untilGates({ lookup: 'None', cancel: 'None' })
    await setGates([{ name: '*' }])
    await untilGates({ lookup: 'Always', cancel: 'Always', refund: 'Always' })
  })
})
