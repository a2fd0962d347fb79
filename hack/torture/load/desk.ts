import { setTimeout as delay } from 'node:timers/promises'
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { callsSeen, type McpTestServer, startMcpServer } from '../../../operator/agent/testing/mcp-server.ts'
import { IDEMPOTENCY_KEY } from '../../../operator/agent/tools/mcp.ts'
import { type ScriptedModel, scriptedModel } from '../../../operator/testing/scripted-model.ts'
import type { ToolCall } from '../check/evidence.ts'
import { answerOf, LAST_WORDS, type PlotName, plotOf } from './plots.ts'

/** A model that plays plots, and a tool server that keeps its own log of calls. */
export interface Desk {
  readonly model: ScriptedModel
  readonly tools: McpTestServer
  /** Every call that arrived, in order. */
  log(): readonly ToolCall[]
  stop(): Promise<void>
}

/** What a run of the load is asked: the model reads from it what to do. */
export const inputOf = (plot: PlotName, order: string): string => JSON.stringify({ plot, order })

/** @param toolMs how long the next call takes */
export const startDesk = async (toolMs: () => number = () => 0): Promise<Desk> => {
  const model = await scriptedModel((spoken, _results, input) => {
    const { plot, order } = JSON.parse(input) as { plot: PlotName; order: string }
    const calls = plotOf(plot).turns(order)[spoken]
    return calls ? { calls } : { text: LAST_WORDS }
  })
  const tools = await startMcpServer('Modern', server => register(server, toolMs))
  return {
    model,
    tools,
    log: () =>
      callsSeen(tools).map((params, index) => {
        const { name, arguments: given, _meta } = params as unknown as SeenCall
        return {
          seq: index + 1,
          tool: `desk.${name}`,
          params: given,
          idempotencyKey: String(_meta[IDEMPOTENCY_KEY]),
        }
      }),
    stop: async () => {
      await tools.http.stop()
      await model.server.stop()
    },
  }
}

interface SeenCall {
  readonly name: string
  readonly arguments: unknown
  readonly _meta: Readonly<Record<string, unknown>>
}

const register = (server: McpServer, toolMs: () => number): void => {
  const inputSchema = fromJsonSchema<object>({
    type: 'object',
    properties: { order: { type: 'string' }, amount: { type: 'number' } },
  })
  for (const name of ['look', 'pay', 'refund']) {
    const answer = async () => {
      await delay(toolMs())
      return { content: [{ type: 'text', text: answerOf(`desk.${name}`) }] }
    }
    server.registerTool(name, { description: name, inputSchema }, answer as never)
  }
}
