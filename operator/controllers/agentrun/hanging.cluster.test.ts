import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'

/** More than an operator looks at at once. */
const MANY = 100

const register = (server: McpServer): void => {
  server.registerTool(
    'pay',
    { description: 'pays', inputSchema: fromJsonSchema<object>({ type: 'object' }) },
    (async () => ({ content: [{ type: 'text', text: 'paid' }] })) as never,
  )
}

let world: Awaited<ReturnType<typeof newWorld>>
let model: ScriptedModel
let well: McpTestServer
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  world = await newWorld('hanging')
  const answers: Promise<void> = new Promise(() => {})
  model = await scriptedModel(async (spoken, results, input) => {
    if (input === 'hang') await answers
    return spoken === 0 ? { calls: [{ tool: 'shop.pay', params: {} }] } : { text: results.join() }
  })
  well = await startMcpServer('Modern', register)
  closing.push(
    () => world.stop(),
    () => well.http.stop(),
    () => model.server.stop(),
  )
  await agentWith('well', well.url)
})
afterAll(async () => {
  for (const close of closing) await close()
})

const agentWith = (name: string, url: string) =>
  world.createAgent(
    anAgent(world.namespace, model.url, {
      name,
      toolsets: [{ name: 'shop', timeoutSeconds: 5, retryUnknown: false, mcp: { url } }],
    }),
  )

const startMany = (agent: string, input: string) =>
  Promise.all(
    Array.from({ length: MANY }, (_, index) =>
      world.createRun(
        aRun(world.namespace, `${agent}-${input}-${index}`, { agentRef: { name: agent }, input }),
      ),
    ),
  )

/** A server that takes connections on a port and never says a word. */
const silentOn = async (port: number): Promise<Server> => {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server
}

/** A run of the agent whose servers are well comes to its end, beside all the others. */
const othersRunOn = async (name: string) => {
  await world.createRun(aRun(world.namespace, name, { agentRef: { name: 'well' }, input: 'go' }))
  expect((await world.untilEnded(name)).status).toMatchObject({ phase: 'Succeeded', output: 'paid' })
}

describe('a server that hangs', () => {
  it('holds its own runs only: a model that does not answer', async () => {
    await startMany('well', 'hang')
    await expect
      .poll(() => model.asked.filter(messages => messages.some(({ content }) => content === 'hang')).length)
      .toBe(MANY)
    await othersRunOn('beside-the-model')
  })

  it('holds its own runs only: a tool server that does not say what it serves', async () => {
    const once = await startMcpServer('Modern', register)
    await agentWith('ill', once.url)
    const { port } = once.http
    await once.http.stop()
    let connections = 0
    const silent = await silentOn(port)
    silent.on('connection', () => connections++)
    await startMany('ill', 'go')
    await expect.poll(() => connections).toBeGreaterThan(0)
    await othersRunOn('beside-the-tools')
    // The others got nothing: whatever the model made of it.
    expect((await world.run('ill-go-0')).status?.output).not.toBe('paid')
  })
})
