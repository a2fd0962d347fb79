import { fromJsonSchema } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import type { Agent, Toolset } from '../../crds/v1alpha1/agent.ts'
import type { Client } from '../../kube/client.ts'
import { type McpTestServer, startMcpServer } from '../agent/testing/mcp-server.ts'
import { createEgress } from '../egress/egress.ts'
import { createToolbox } from './toolbox.ts'

const started: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop()
})

/** A toolbox and a server whose tool answers when it is told to. */
const slow = async () => {
  const called = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const server: McpTestServer = await startMcpServer('Sessions', mcp => {
    mcp.registerTool(
      'pay',
      { description: 'pays', inputSchema: fromJsonSchema<object>({ type: 'object' }) },
      (async () => {
        called.resolve()
        await release.promise
        return { content: [{ type: 'text', text: 'paid' }] }
      }) as never,
    )
  })
  const egress = createEgress({ allowLoopback: true })
  // No toolset here names a Secret, so no API server is asked.
  const toolbox = createToolbox({ client: {} as Client, egress })
  started.push(
    () => server.http.stop(),
    () => egress.close(),
    () => toolbox.close(),
  )
  const toolset = (timeoutSeconds: number): Toolset => ({
    name: 'shop',
    timeoutSeconds,
    retryUnknown: false,
    mcp: { url: server.url },
  })
  const agent = { metadata: { name: 'a', uid: 'uid', namespace: 'shop' }, spec: {} } as unknown as Agent
  const call = () =>
    toolbox.call(agent, toolset(20), {
      tool: 'shop.pay',
      params: {},
      idempotencyKey: 'key',
      signal: new AbortController().signal,
    })
  const list = (seconds: number) => toolbox.listOne(agent, toolset(seconds), AbortSignal.timeout(10_000))
  return { toolbox, agent, call, list, called: called.promise, release: release.resolve }
}

describe('a call under way', () => {
  it('gets its answer though its toolset is edited meanwhile', async () => {
    const { call, list, called, release } = await slow()
    const outcome = call()
    await called
    expect(await list(30)).toMatchObject({ ok: true, tools: [{ name: 'shop.pay' }] })
    release()
    expect(await outcome).toMatchObject({ kind: 'Result', text: 'paid' })
  })

  it('gets its answer though its agent is deleted meanwhile', async () => {
    const { toolbox, agent, call, called, release } = await slow()
    const outcome = call()
    await called
    toolbox.forget(agent.metadata.uid ?? '')
    release()
    expect(await outcome).toMatchObject({ kind: 'Result', text: 'paid' })
  })
})
