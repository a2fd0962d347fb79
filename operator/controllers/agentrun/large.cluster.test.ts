import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentTurns } from '../../../crds/v1alpha1/resources.ts'
import { adminClient } from '../../../hack/testing.ts'
import { callsSeen, type McpTestServer, startMcpServer } from '../../agent/testing/mcp-server.ts'
import { storedBytes } from '../../stored-size.ts'
import { type Said, type ScriptedModel, scriptedModel } from '../../testing/scripted-model.ts'
import { anAgent, aRun, newWorld } from '../../testing/world.ts'

const tools = (server: McpServer): void => {
  server.registerTool(
    'page',
    { description: 'answers with a page', inputSchema: fromJsonSchema<object>({ type: 'object' }) },
    // The API server keeps each of these as six bytes.
    (async () => ({ content: [{ type: 'text', text: '<'.repeat(64_000) }] })) as never,
  )
  server.registerTool(
    'note',
    {
      description: 'takes a note',
      inputSchema: fromJsonSchema<object>({ type: 'object', properties: { note: { type: 'string' } } }),
    },
    (async () => ({ content: [{ type: 'text', text: 'noted' }] })) as never,
  )
}

const scripts: Record<string, (spoken: number) => Said> = {
  pages: spoken =>
    spoken === 0
      ? { calls: Array.from({ length: 12 }, () => ({ tool: 'shop.page', params: {} })) }
      : { text: 'read' },
  notes: () => ({
    calls: Array.from({ length: 30 }, (_, index) => ({
      tool: 'shop.note',
      params: { index, note: 'n'.repeat(4000) },
    })),
  }),
  speech: () => ({ text: '<'.repeat(200_000) }),
}

let model: ScriptedModel
let mcp: McpTestServer
let world: Awaited<ReturnType<typeof newWorld>>

beforeAll(async () => {
  model = await scriptedModel((spoken, _results, input) => scripts[input]?.(spoken) ?? { text: 'What?' })
  mcp = await startMcpServer('Modern', tools)
  world = await newWorld('large')
  await world.createAgent(
    anAgent(world.namespace, model.url, {
      toolsets: [{ name: 'shop', timeoutSeconds: 20, retryUnknown: false, mcp: { url: mcp.url } }],
      limits: { maxTurns: 100, maxRunSeconds: 600 },
    }),
  )
})
afterAll(async () => {
  await world.stop()
  await mcp.http.stop()
  await model.server.stop()
})

const run = async (name: string) => {
  await world.createRun(aRun(world.namespace, name, { input: name }))
  return world.untilEnded(name, 90_000)
}

describe('a run that is large', () => {
  it('keeps the answers of many calls that take more in the API server than they are long', async () => {
    const ended = await run('pages')
    expect(ended.status?.phase).toBe('Succeeded')
    const turn = await adminClient().get(agentTurns, { namespace: world.namespace, name: 'pages-t1' })
    expect(turn.status?.complete).toBe(true)
    expect(turn.status?.results.every(({ text }) => text.includes('[cut: 64000 bytes]'))).toBe(true)
  }, 120_000)

  it('fails before a turn whose trace would not fit, with nothing of it executed', async () => {
    const ended = await run('notes')
    expect(ended.status?.failure?.reason).toBe('TranscriptTooLarge')
    const made = callsSeen(mcp).filter(({ name }) => name === 'note').length
    expect(made).toBe(30 * (ended.status?.turns ?? 0))
    expect(made).toBeGreaterThan(0)
    expect(storedBytes(ended)).toBeLessThan(1_500_000)
  }, 120_000)

  it('fails where an answer is too long to be stored, and asks the model once', async () => {
    const ended = await run('speech')
    expect(ended.status?.failure?.reason).toBe('TranscriptTooLarge')
    expect(model.asked.filter(messages => messages.some(({ content }) => content === 'speech'))).toHaveLength(
      1,
    )
  })
})
