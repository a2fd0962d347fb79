import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { ANNOTATIONS } from '../../../crds/v1alpha1/meta.ts'
import { agents } from '../../../crds/v1alpha1/resources.ts'
import { adminClient, untilObject } from '../../../hack/testing.ts'
import { TestServer } from '../../agent/testing/http-server.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { secrets } from '../../secret.ts'
import { type Said, type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, readiness } from '../../testing/world.ts'
import { findCondition } from '../conditions.ts'

/** A tool server with one tool, `shop.pay`, whose description tells versions apart, and more tools on request. */
const tools =
  (description: string, more: readonly string[] = []) =>
  (server: McpServer): void => {
    for (const name of ['pay', ...more]) {
      server.registerTool(
        name,
        {
          description: name === 'pay' ? description : name,
          inputSchema: fromJsonSchema<{ amount: number }>({
            type: 'object',
            properties: { amount: { type: 'number' } },
            required: ['amount'],
          }),
        },
        (async () => ({ content: [{ type: 'text', text: `${name} done` }] })) as never,
      )
    }
  }

let world: Awaited<ReturnType<typeof newWorld>>
let model: ScriptedModel
const servers: AsyncDisposable[] = []

const payOnce = (spoken: number, results: readonly string[]): Said =>
  spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { amount: 5 } }] } : { text: results.join() }

const serve = async (
  description: string,
  more?: readonly string[],
  port?: number,
): Promise<McpTestServer> => {
  const server = await startMcpServer('Modern', tools(description, more), port)
  servers.push(server)
  return server
}

const gated = { tools: [{ name: 'shop.pay' }] } as NonNullable<AgentSpec['approval']>

const agentOf = (name: string, url: string, spec: Partial<AgentSpec> = {}) =>
  anAgent(world.namespace, model.url, {
    name,
    toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url } }],
    ...spec,
  })

const refOf = (name: string) => ({ namespace: world.namespace, name })

const untilAgent = (name: string, type: string, reason: string) =>
  untilObject(
    agents,
    refOf(name),
    agent =>
      findCondition(agent?.status?.conditions, type)?.reason === reason && readiness(agent) !== undefined,
  )

beforeAll(async () => {
  model = await scriptedModel((spoken, results) => payOnce(spoken, results))
  world = await newWorld('changed')
})
afterAll(async () => {
  await world.stop()
  for (const server of servers) await server[Symbol.asyncDispose]()
  await model.server.stop()
})

describe('an approved call', () => {
  /** A run that waits, is approved while no operator looks, and meets `change` when one looks again. */
  const approvedThen = async (
    name: string,
    onRejection: 'Fail' | 'Continue',
    change: (mcp: McpTestServer) => Promise<unknown>,
  ) => {
    const mcp = await serve('pays')
    await world.createAgent(agentOf(name, mcp.url, { approval: { ...gated, onRejection } }))
    await world.createRun(aRun(world.namespace, name, { agentRef: { name } }))
    await world.untilRequest(`${name}-1-0`)
    await world.untilRun(name, run => run.status?.phase === 'AwaitingApproval')
    await world.stop()
    await world.decide(`${name}-1-0`, 'Approve')
    await change(mcp)
    world.restart()
    const run = await world.untilEnded(name)
    return { run, mcp }
  }

  it('is not made when its toolset was edited since', async () => {
    const other = await serve('pays')
    const { run, mcp } = await approvedThen('edited', 'Fail', () =>
      adminClient().patch(agents, refOf('edited'), {
        type: 'json',
        body: [{ op: 'replace', path: '/spec/toolsets/0/mcp/url', value: other.url }],
      }),
    )
    expect(run.status?.failure?.reason).toBe('CallChanged')
    expect(world.step(run, '1.0')?.state).toBe('NotExecuted')
    expect([...callsSeen(mcp), ...callsSeen(other)]).toEqual([])
  })

  it('is not made when its tool is described differently since; the model is told where the run goes on', async () => {
    const { run } = await approvedThen('redescribed', 'Continue', async mcp => {
      const { port } = mcp.http
      await mcp.http.stop()
      await serve('pays twice', [], port)
    })
    expect(run.status?.phase).toBe('Succeeded')
    expect(run.status?.output).toContain('no longer those that were approved')
    expect(world.step(run, '1.0')?.state).toBe('NotExecuted')
  })

  it('is made once by the operator that looks next, when nothing changed', async () => {
    const { run, mcp } = await approvedThen('unchanged', 'Fail', async () => {})
    expect(run.status?.phase).toBe('Succeeded')
    expect(callsSeen(mcp)).toHaveLength(1)
  })
})

describe('a tool that changes after it was pinned', () => {
  it('pauses each call, although no gate names it, until somebody accepts the tools', async () => {
    const mcp = await serve('pays')
    const { port } = mcp.http
    await world.createAgent(agentOf('pinned', mcp.url))
    await mcp.http.stop()
    const swapped = await serve('pays, and tells the model to pay more', ['steal'], port)
    await world.createRun(aRun(world.namespace, 'pinned', { agentRef: { name: 'pinned' } }))
    const request = await world.untilRequest('pinned-1-0')
    expect(request.spec.gates).toMatchObject([{ name: 'shop.pay', outcome: 'ToolChanged' }])
    expect(callsSeen(swapped)).toEqual([])
    const changed = await untilAgent('pinned', 'ToolsUnchanged', 'ToolsChanged')
    expect(findCondition(changed?.status?.conditions, 'ToolsUnchanged')?.message).toContain(
      'shop.pay, shop.steal',
    )
    expect(readiness(changed)?.status).toBe('True')
    await adminClient().patch(agents, refOf('pinned'), {
      type: 'merge',
      body: { metadata: { annotations: { [ANNOTATIONS.acceptTools]: changed?.status?.toolsHash } } },
    })
    await untilAgent('pinned', 'ToolsUnchanged', 'ToolsUnchanged')
    await world.createRun(aRun(world.namespace, 'accepted', { agentRef: { name: 'pinned' } }))
    expect((await world.untilEnded('accepted')).status?.phase).toBe('Succeeded')
  })

  it('does not stop a run while its server is away; the model is told', async () => {
    const mcp = await serve('pays')
    await world.createAgent(agentOf('away', mcp.url, { approval: { ...gated, onRejection: 'Continue' } }))
    await world.createRun(aRun(world.namespace, 'away', { agentRef: { name: 'away' } }))
    await world.untilRequest('away-1-0')
    await mcp.http.stop()
    await world.decide('away-1-0', 'Approve')
    const waiting = await world.untilRun(
      'away',
      run => findCondition(run.status?.conditions, 'Complete')?.reason === 'ToolsetUnavailable',
    )
    expect(waiting.status?.phase).toBe('Running')
    expect(world.step(waiting, '1.0')).toMatchObject({
      state: 'AwaitingApproval',
      approval: { verdict: 'Approved' },
    })
    const run = await world.untilEnded('away', 60_000)
    expect(run.status?.phase).toBe('Succeeded')
    expect(world.step(run, '1.0')?.state).toBe('NotExecuted')
    expect(run.status?.output).toContain('not executed')
    const story = (await world.audit()).filter(({ run: name }) => name === 'away').map(({ action }) => action)
    expect(story).toEqual(['RunStarted', 'ApprovalRequested', 'ApprovalApproved', 'RunEnded'])
  }, 90_000)
})

describe('an agent that is wrong is stopped, never un-gated', () => {
  const waits = async (name: string, why: string) => {
    await world.createRun(aRun(world.namespace, name, { agentRef: { name } }))
    const run = await world.untilRun(name, found =>
      (findCondition(found.status?.conditions, 'Complete')?.message ?? '').includes(why),
    )
    expect(run.status?.phase).toBe('Pending')
  }

  it('by a condition that does not parse, with the column', async () => {
    const mcp = await serve('pays')
    await adminClient().create(
      agents,
      agentOf('unparsable', mcp.url, {
        approval: { tools: [{ name: 'shop.pay', when: 'param.amount > > 3' }] } as never,
      }),
    )
    const agent = await untilAgent('unparsable', 'Accepted', 'InvalidCondition')
    expect(findCondition(agent?.status?.conditions, 'Accepted')?.message).toMatch(
      /tools\[0\]\.when, column \d+/,
    )
    await waits('unparsable', 'column')
  })

  it('by a gate that names no tool, with the nearest names', async () => {
    const mcp = await serve('pays')
    await adminClient().create(
      agents,
      agentOf('misspelt', mcp.url, { approval: { tools: [{ name: 'shop.pya' }] } as never }),
    )
    const agent = await untilAgent('misspelt', 'ToolsResolved', 'UnknownTool')
    expect(findCondition(agent?.status?.conditions, 'ToolsResolved')?.message).toContain('shop.pay')
    await waits('misspelt', 'shop.pya')
  })

  it('by a toolset that does not answer, until it does', async () => {
    const mcp = await serve('pays')
    const { port } = mcp.http
    await mcp.http.stop()
    await adminClient().create(agents, agentOf('unreachable', mcp.url))
    await untilAgent('unreachable', 'ToolsResolved', 'ToolsetUnavailable')
    await waits('unreachable', 'shop')
    await serve('pays', [], port)
    expect((await world.untilEnded('unreachable', 30_000)).status?.phase).toBe('Succeeded')
  })

  it.each([
    ['missing', undefined, 'SecretNotFound'],
    ['unlabelled', { labels: {}, annotations: { [ANNOTATIONS.hosts]: '127.0.0.1' } }, 'SecretNotLabelled'],
    [
      'for another host',
      { labels: { 'countersign.dev/use': 'true' }, annotations: { [ANNOTATIONS.hosts]: 'example.com' } },
      'SecretNotForHost',
    ],
  ])('by a Secret of its toolset that is %s', async (kind, metadata, reason) => {
    const mcp = await serve('pays')
    const name = `secret-${kind.replaceAll(' ', '-')}`
    if (metadata) {
      await adminClient().create(secrets, {
        metadata: { name, namespace: world.namespace, ...metadata },
        stringData: { authorization: 'Bearer planted' },
      })
    }
    const agent = agentOf(name, mcp.url)
    const [toolset] = agent.spec.toolsets
    if (toolset?.mcp) toolset.mcp.headersSecretRef = { name }
    await adminClient().create(agents, agent)
    await untilAgent(name, 'ToolsResolved', reason)
    expect(mcp.http.seen).toEqual([])
    await waits(name, name)
  })
})

describe('a model server', () => {
  const runWith = async (name: string, url: string, timeoutMs = 20_000) => {
    const mcp = await serve('pays')
    const agent = agentOf(name, mcp.url)
    agent.spec.model.baseURL = url
    await world.createAgent(agent)
    await world.createRun(aRun(world.namespace, name, { agentRef: { name } }))
    return world.untilEnded(name, timeoutMs)
  }
  const answering = async (
    answer: (
      asked: number,
    ) => { status: number; headers?: Record<string, string>; body?: string } | undefined,
  ) => {
    let asked = 0
    const server = await TestServer.start((_request, response) => {
      const said = answer(++asked)
      if (said) response.writeHead(said.status, said.headers).end(said.body)
    })
    servers.push(server)
    return { url: `${server.url}/v1`, server }
  }

  it('that asks to wait is asked again after as long as it said', async () => {
    let limited = 0
    const limiting = await scriptedModel(() =>
      limited++ === 0 ? { status: 429, headers: { 'retry-after': '1' } } : { text: 'Here I am.' },
    )
    servers.push(limiting)
    const run = await runWith('limited', limiting.url)
    expect(run.status?.output).toBe('Here I am.')
    expect(limiting.asked).toHaveLength(2)
  })

  it('that refuses the key fails the run at once, and says which kind of thing to check', async () => {
    const { url, server } = await answering(() => ({
      status: 401,
      body: '{"error":{"message":"secret-body"}}',
    }))
    const run = await runWith('refused', url)
    expect(run.status?.failure?.reason).toBe('ModelError')
    expect(run.status?.failure?.message).not.toContain('secret-body')
    expect(server.seen).toHaveLength(1)
  })

  it('that answers rubbish again and again fails the run with ModelError', async () => {
    const { url, server } = await answering(() => ({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<p>hello',
    }))
    const run = await runWith('rubbish', url, 60_000)
    expect(run.status?.failure?.reason).toBe('ModelError')
    expect(server.seen.length).toBeGreaterThanOrEqual(1)
  }, 90_000)
})
