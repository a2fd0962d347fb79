import { afterEach, describe, expect, it } from 'vitest'
import { buildMessages } from '../conversation.ts'
import { json, TestServer } from '../testing/http-server.ts'
import { aRequest, chatAnswer, chatCalls } from '../testing/model-requests.ts'
import { aTurn } from '../testing/turns.ts'
import type { ModelAnswer } from '../types.ts'
import { askModel } from './ask.ts'

// Each provider's state of an earlier answer must come back to it in the next request, after the answer was kept as
// JSON in the API server. The answers here are in the providers' own wire formats.

const open: TestServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop()
})

type Provider = 'OpenAI' | 'Anthropic' | 'Google' | 'OpenAICompatible'

/** Asks, keeps the answer as a turn, answers its calls, asks again: the first answer and the second request. */
async function twoTurns(provider: Provider, first: unknown, last: unknown, name = 'some-model') {
  const server = await TestServer.start((_, response) =>
    json(response, open.length === 0 || server.seen.length === 1 ? first : last),
  )
  open.push(server)
  const request = aRequest(server.url, { model: { provider, name }, apiKey: 'k' })
  const answer = await askModel(request)
  const turn = aTurn(
    answer,
    answer.calls.map((_, i) =>
      i === 0 ? { kind: 'Result', text: 'refunded' } : { kind: 'NotExecuted', text: 'rejected' },
    ),
  )
  const messages = buildMessages({ input: 'Refund my order.', turns: [turn] })
  const second = await askModel({ ...request, messages })
  return { answer, second, path: server.seen[1]!.path, body: server.lastBody as Record<string, unknown> }
}

const REFUND = 'order_tools__process_refund'
const twoCalls = (answer: ModelAnswer, ids: [string, string]) =>
  expect(answer.calls).toEqual([
    {
      providerCallID: ids[0],
      tool: 'order_tools.process_refund',
      input: { ok: true, params: { amount: 5 } },
    },
    {
      providerCallID: ids[1],
      tool: 'order_tools.process_refund',
      input: { ok: true, params: { amount: 6 } },
    },
  ])

describe('the state of an earlier answer is sent back to', () => {
  it('OpenAI: its encrypted reasoning, stored nowhere else', async () => {
    const answer = (output: unknown[]) => ({
      id: 'resp_1',
      object: 'response',
      created_at: 1_780_000_000,
      model: 'gpt-5',
      status: 'completed',
      output,
      usage: { input_tokens: 11, output_tokens: 7, total_tokens: 18 },
    })
    const call = (id: string, amount: number) => ({
      type: 'function_call',
      id: `fc_${id}`,
      call_id: id,
      name: REFUND,
      arguments: `{"amount":${amount}}`,
      status: 'completed',
    })
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'OPAQUE==' }
    const message = {
      type: 'message',
      role: 'assistant',
      id: 'msg_1',
      content: [{ type: 'output_text', text: 'Done.', annotations: [] }],
    }
    const {
      answer: first,
      second,
      path,
      body,
    } = await twoTurns('OpenAI', answer([reasoning, call('a', 5), call('b', 6)]), answer([message]), 'gpt-5')
    twoCalls(first, ['a', 'b'])
    expect(second.text).toBe('Done.')
    expect(path).toBe('/responses')
    expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] })
    const input = body.input as { type?: string }[]
    expect(input.filter(({ type }) => type !== undefined)).toEqual([
      expect.objectContaining({ type: 'reasoning', id: 'rs_1', encrypted_content: 'OPAQUE==' }),
      expect.objectContaining({ type: 'function_call', call_id: 'a', name: REFUND }),
      expect.objectContaining({ type: 'function_call', call_id: 'b', name: REFUND }),
      expect.objectContaining({ type: 'function_call_output', call_id: 'a', output: 'refunded' }),
      expect.objectContaining({ type: 'function_call_output', call_id: 'b', output: '{"error":"rejected"}' }),
    ])
  })

  it('Anthropic: its signed and its redacted thinking', async () => {
    const answer = (content: unknown[], stopReason: string) => ({
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      model: 'claude',
      content,
      stop_reason: stopReason,
      stop_sequence: null,
      usage: { input_tokens: 11, output_tokens: 7 },
    })
    const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'SIGNED==' }
    const redacted = { type: 'redacted_thinking', data: 'REDACTED==' }
    const call = (id: string, amount: number) => ({ type: 'tool_use', id, name: REFUND, input: { amount } })
    const {
      answer: first,
      second,
      path,
      body,
    } = await twoTurns(
      'Anthropic',
      answer([thinking, redacted, call('toolu_a', 5), call('toolu_b', 6)], 'tool_use'),
      answer([{ type: 'text', text: 'Done.' }], 'end_turn'),
    )
    twoCalls(first, ['toolu_a', 'toolu_b'])
    expect(second.text).toBe('Done.')
    expect(path).toBe('/messages')
    const [, assistant, results] = body.messages as { role: string; content: unknown[] }[]
    expect(assistant).toEqual({
      role: 'assistant',
      content: [thinking, redacted, call('toolu_a', 5), call('toolu_b', 6)].map(each =>
        expect.objectContaining(each),
      ),
    })
    expect(results).toEqual({
      role: 'user',
      content: [
        expect.objectContaining({ type: 'tool_result', tool_use_id: 'toolu_a', content: 'refunded' }),
        expect.objectContaining({
          type: 'tool_result',
          tool_use_id: 'toolu_b',
          content: 'rejected',
          is_error: true,
        }),
      ],
    })
  })

  it('Google: its thought signatures', async () => {
    const answer = (parts: unknown[]) => ({
      candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 },
    })
    const call = (amount: number) => ({ functionCall: { name: REFUND, args: { amount } } })
    const {
      answer: first,
      second,
      path,
      body,
    } = await twoTurns(
      'Google',
      answer([{ ...call(5), thoughtSignature: 'SIGNED==' }, call(6)]),
      answer([{ text: 'Done.' }]),
      'gemini-3-pro',
    )
    const ids = first.calls.map(({ providerCallID }) => providerCallID)
    twoCalls(first, ids as [string, string])
    expect(new Set(ids).size).toBe(2)
    expect(second.text).toBe('Done.')
    expect(path).toBe('/models/gemini-3-pro:generateContent')
    const [, model, results] = body.contents as { role: string; parts: Record<string, unknown>[] }[]
    expect(model?.role).toBe('model')
    expect(model?.parts[0]).toMatchObject({
      functionCall: { args: { amount: 5 } },
      thoughtSignature: 'SIGNED==',
    })
    expect(model?.parts[1]).toMatchObject({ functionCall: { args: { amount: 6 } } })
    expect(results?.parts).toHaveLength(2)
    expect(JSON.stringify(results?.parts[0])).toContain('refunded')
    expect(JSON.stringify(results?.parts[1])).toContain('rejected')
  })

  it('a compatible server: its calls and their results, in order', async () => {
    const { answer, second, path, body } = await twoTurns(
      'OpenAICompatible',
      chatAnswer(
        { content: 'Wait.', ...chatCalls(['a', REFUND, '{"amount":5}'], ['a', REFUND, '{"amount":6}']) },
        'tool_calls',
      ),
      chatAnswer({ content: 'Done.' }),
    )
    twoCalls(answer, ['a', 'a_2'])
    expect(second.text).toBe('Done.')
    expect(path).toBe('/chat/completions')
    expect((body.messages as unknown[]).slice(1)).toEqual([
      expect.objectContaining({
        role: 'assistant',
        content: 'Wait.',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: REFUND, arguments: '{"amount":5}' } },
          { id: 'a_2', type: 'function', function: { name: REFUND, arguments: '{"amount":6}' } },
        ],
      }),
      { role: 'tool', tool_call_id: 'a', content: 'refunded' },
      { role: 'tool', tool_call_id: 'a_2', content: 'rejected' },
    ])
  })

  it('a compatible server: exactly one result for each refused call too', async () => {
    const { answer, body } = await twoTurns(
      'OpenAICompatible',
      chatAnswer(
        chatCalls(['a', REFUND, '{"amount'], ['b', 'made.up tool', '[1]'], ['', '', '']),
        'tool_calls',
      ),
      chatAnswer({ content: 'Sorry.' }),
    )
    expect(answer.calls.map(({ input }) => input.ok)).toEqual([false, false, false])
    const messages = body.messages as {
      role: string
      tool_call_id?: string
      tool_calls?: { function: unknown }[]
    }[]
    const ids = answer.calls.map(({ providerCallID }) => providerCallID)
    expect(messages.filter(({ role }) => role === 'tool').map(each => each.tool_call_id)).toEqual(ids)
    expect(messages[1]?.tool_calls?.map(each => each.function)).toEqual([
      { name: REFUND, arguments: '{}' },
      { name: 'made_up_tool', arguments: '{}' },
      { name: expect.stringMatching(/^[a-zA-Z_]+$/), arguments: '{}' },
    ])
  })
})

describe('an error in the words of', () => {
  it.each([
    [
      'OpenAI',
      { error: { message: 'key sk-1', type: 'invalid_request_error', code: 'invalid_api_key' } },
      'invalid_api_key',
    ],
    [
      'Anthropic',
      { type: 'error', error: { type: 'authentication_error', message: 'key sk-1' } },
      'authentication_error',
    ],
    ['Google', { error: { code: 401, message: 'key sk-1', status: 'UNAUTHENTICATED' } }, 'UNAUTHENTICATED'],
  ] as const)('%s', async (provider, body, reason) => {
    const server = await TestServer.start((_, response) => json(response, body, 401))
    open.push(server)
    await expect(
      askModel(
        aRequest(server.url, {
          model: { provider, apiKeySecretRef: { name: 'llm', key: 'k' } },
          apiKey: 'sk-1',
        }),
      ),
    ).rejects.toMatchObject({ kind: 'Permanent', message: expect.stringContaining(`(HTTP 401, ${reason})`) })
  })

  it.each([
    [
      'OpenAI',
      {
        id: 'r',
        output: [],
        status: 'incomplete',
        incomplete_details: { reason: 'content_filter' },
        usage: { input_tokens: 1, output_tokens: 0 },
      },
    ],
    [
      'Anthropic',
      { type: 'message', content: [], stop_reason: 'refusal', usage: { input_tokens: 1, output_tokens: 0 } },
    ],
    ['Google', { candidates: [{ content: {}, finishReason: 'SAFETY' }] }],
  ] as const)('%s: its content filter', async (provider, body) => {
    const server = await TestServer.start((_, response) => json(response, body))
    open.push(server)
    await expect(askModel(aRequest(server.url, { model: { provider }, apiKey: 'k' }))).rejects.toMatchObject({
      kind: 'Permanent',
      message: expect.stringContaining('content filter'),
    })
  })
})
