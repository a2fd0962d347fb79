import type { AgentSpec } from '../../../crds/v1alpha1/agent.ts'
import { createEgress } from '../../egress/egress.ts'
import type { ModelRequest, ToolDefinition } from '../types.ts'

const egress = createEgress({ allowLoopback: true })

/** A tool with one number. */
export const aTool = (name = 'order_tools.process_refund'): ToolDefinition => ({
  name,
  toolset: name.slice(0, name.indexOf('.')),
  description: 'Refund an order',
  inputSchema: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
  schemaHash: `sha256:${'0'.repeat(64)}`,
})

/** A request to a model on loopback. */
export function aRequest(
  baseURL: string,
  changes: Omit<Partial<ModelRequest>, 'model'> & { model?: Partial<AgentSpec['model']> } = {},
): ModelRequest {
  const { model, ...rest } = changes
  return {
    model: { provider: 'OpenAICompatible', name: 'some-model', baseURL, ...model },
    messages: [{ role: 'user', content: 'Refund my order.' }],
    tools: [aTool()],
    signal: new AbortController().signal,
    timeoutMs: 5000,
    egress,
    ...rest,
  }
}

/** An answer in the wire format of OpenAI's chat completions. */
export function chatAnswer(message: Record<string, unknown>, finishReason = 'stop'): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_780_000_000,
    model: 'some-model',
    choices: [
      { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finishReason },
    ],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  }
}

/** Tool calls as they stand in such an answer. */
export const chatCalls = (...calls: [id: string | undefined, name: string, args: unknown][]) => ({
  tool_calls: calls.map(([id, name, args]) => ({
    ...(id === undefined ? {} : { id }),
    type: 'function',
    function: { name, arguments: args },
  })),
})
