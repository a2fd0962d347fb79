import { fromJsonSchema } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import type { Agent, Toolset } from '../../crds/v1alpha1/agent.ts'
import type { Client } from '../../kube/client.ts'
import { systemClock } from '../../kube/clock.ts'
import type { Clock } from '../../kube/types.ts'
import { TestServer } from '../agent/testing/http-server.ts'
import { type McpTestServer, startMcpServer } from '../agent/testing/mcp-server.ts'
import { createEgress } from '../egress/egress.ts'
import { createToolbox, LIST_TIMEOUT_MS } from './toolbox.ts'

const started: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop()
})

/** A toolbox and a server whose tool answers when it is told to. */
const slow = async (clock: Clock = systemClock) => {
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
  const toolbox = createToolbox({ client: {} as Client, egress, clock })
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
  return { toolbox, server, agent, call, list, called: called.promise, release: release.resolve }
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

describe('a toolset that is asked what it serves', () => {
  it('is asked once by all who ask at the same time', async () => {
    const { list, server } = await slow()
    await list(30)
    const lists = () => server.http.seen.filter(({ body }) => body.includes('"tools/list"')).length
    const before = lists()
    const all = await Promise.all(Array.from({ length: 20 }, () => list(30)))
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(lists()).toBe(before + 1)
    // Whoever asks later is told how it is then.
    await list(30)
    expect(lists()).toBe(before + 2)
  })

  it('is waited for by a few only when it does not answer', async () => {
    const waits: (() => void)[] = []
    const clock: Clock = {
      now: () => 0,
      after: (ms, fn) => {
        if (ms !== LIST_TIMEOUT_MS) waits.push(fn)
        return () => {}
      },
    }
    const silent = await TestServer.start(() => {})
    const egress = createEgress({ allowLoopback: true })
    const toolbox = createToolbox({ client: {} as Client, egress, clock })
    started.push(
      () => silent.stop(),
      () => egress.close(),
      () => toolbox.close(),
    )
    const toolset = { name: 'shop', timeoutSeconds: 20, retryUnknown: false, mcp: { url: silent.url } }
    const agent = { metadata: { name: 'a', uid: 'uid', namespace: 'shop' }, spec: {} } as unknown as Agent
    const stop = new AbortController()
    const settled: unknown[] = []
    const all = Array.from({ length: 20 }, () =>
      toolbox.listOne(agent, toolset, stop.signal).then(listing => settled.push(listing)),
    )
    await expect.poll(() => waits.length).toBe(20)
    for (const wait of waits) {
      wait()
      // Each gives up before the next looks.
      await Promise.resolve()
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(settled).toHaveLength(16)
    expect(settled[0]).toMatchObject({ ok: false, reason: 'ToolsetUnavailable' })
    stop.abort()
    await Promise.all(all)
  })
})
