// The outside world of these tests: a model that asks for one payment and then says what came of it, and the tool.
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import type { Agent, AgentSpec } from '../../crds/v1alpha1/agent.ts'
import { callsSeen, startMcpServer } from '../../operator/agent/testing/mcp-server.ts'
import { scriptedModel } from '../../operator/testing/scripted-model.ts'
import { anAgent } from '../../operator/testing/world.ts'

export type Approval = NonNullable<AgentSpec['approval']>

export interface Desk {
  /** An agent whose only tool is gated; its runs pay for the order that their input names. */
  agent(namespace: string, name: string, approval: Partial<Approval>): Agent
  /** How often each order was paid for. */
  payments(): ReadonlyMap<string, number>
  close(): Promise<void>
}

export const openDesk = async (): Promise<Desk> => {
  const model = await scriptedModel((spoken, results, input) =>
    spoken === 0 ? { calls: [{ tool: 'shop.pay', params: { order: input } }] } : { text: results.join() },
  )
  const mcp = await startMcpServer('Modern', payTool)
  return {
    agent: (namespace, name, approval) =>
      anAgent(namespace, model.url, {
        name,
        toolsets: [{ name: 'shop', timeoutSeconds: 10, retryUnknown: false, mcp: { url: mcp.url } }],
        approval: { tools: [{ name: 'shop.pay' }], ...approval } as Approval,
      }),
    payments: () => {
      const paid = new Map<string, number>()
      for (const call of callsSeen(mcp)) {
        const { order = '' } = call.arguments as { order?: string }
        paid.set(order, (paid.get(order) ?? 0) + 1)
      }
      return paid
    },
    close: async () => {
      await mcp.http.stop()
      await model.server.stop()
    },
  }
}

const payTool = (server: McpServer): void => {
  const inputSchema = fromJsonSchema<object>({ type: 'object', properties: { order: { type: 'string' } } })
  const pay = async () => ({ content: [{ type: 'text', text: 'paid' }] })
  server.registerTool('pay', { description: 'pays', inputSchema }, pay as never)
}
