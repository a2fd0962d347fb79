import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../kube/clock.ts'
import type { Clock } from '../../../kube/types.ts'
import { type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld, type World } from '../../testing/world.ts'
import { LIST_TIMEOUT_MS } from '../../toolbox/toolbox.ts'
import { findCondition } from '../conditions.ts'

/** Longer than any test takes. */
const PATIENCE_MS = 600_000
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
/** Those who waited get their answer. */
const goOn = Promise.withResolvers<void>()
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  world = await newWorld('hanging')
  const answers: Promise<void> = new Promise(() => {})
  model = await scriptedModel(async (spoken, results, input) => {
    if (input === 'hang') await answers
    if (input === 'wait') await goOn.promise
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

const agentWith = (name: string, url: string, of: World = world, timeoutSeconds = 5) =>
  of.createAgent(
    anAgent(of.namespace, model.url, {
      name,
      toolsets: [{ name: 'shop', timeoutSeconds, retryUnknown: false, mcp: { url } }],
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

/** How often the model was asked about an input. */
const askedFor = (input: string): number =>
  model.asked.filter(messages => messages.some(({ content }) => content === input)).length

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
const othersRunOn = async (name: string, of: World = world) => {
  await of.createRun(aRun(of.namespace, name, { agentRef: { name: 'well' }, input: 'go' }))
  expect((await of.untilEnded(name)).status).toMatchObject({ phase: 'Succeeded', output: 'paid' })
}

/** The system's clock, by which the time that a tool server has to say what it serves is never over. */
const patient: Clock = {
  now: systemClock.now,
  after: (ms, fn) => (ms === LIST_TIMEOUT_MS ? () => {} : systemClock.after(ms, fn)),
}

/** A world whose model is asked one question at a time, with an agent that is well and one whose tool server can fall silent. */
const oneAtATime = async () => {
  const one = await newWorld('hanging', {
    clock: patient,
    modelTimeoutMs: PATIENCE_MS,
    limits: { perProject: 100, perModel: 1, perToolset: 100 },
  })
  const server = await startMcpServer('Modern', register)
  await agentWith('well', well.url, one)
  await agentWith('ill', server.url, one, 600)
  const fallSilent = async (): Promise<Server> => {
    const { port } = server.http
    await server.http.stop()
    const silent = await silentOn(port)
    // After the connections are closed, so that nothing is waited for.
    closing.push(() => one.stop())
    return silent
  }
  const start = (name: string, agent: string, input: string) =>
    one.createRun(aRun(one.namespace, name, { agentRef: { name: agent }, input }))
  return { one, fallSilent, start }
}

describe('a server that hangs', () => {
  it('holds its own runs only: a model that does not answer', async () => {
    await startMany('well', 'hang')
    await expect.poll(() => askedFor('hang')).toBe(MANY)
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

  it('holds no slot of the model while it does not say what it serves', async () => {
    const { one, fallSilent, start } = await oneAtATime()
    const connected = once(await fallSilent(), 'connection')
    await start('ill', 'ill', 'go')
    await connected
    await othersRunOn('well', one)
    expect((await one.run('ill')).status?.turns).toBe(0)
  })

  it('holds no slot of the model either when it falls silent while its run stands in line', async () => {
    const { one, fallSilent, start } = await oneAtATime()
    await start('first', 'well', 'wait')
    await expect.poll(() => askedFor('wait')).toBe(1)
    await start('ill', 'ill', 'go')
    await one.untilRun(
      'ill',
      ({ status }) => findCondition(status?.conditions, 'Complete')?.reason === 'Queued',
    )
    await fallSilent()
    goOn.resolve()
    await othersRunOn('well', one)
    expect((await one.untilRun('ill', ({ status }) => status?.turns === 1)).status?.phase).toBe('Running')
  })
})
