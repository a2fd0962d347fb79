import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildMessages } from '../conversation.ts'
import { json, TestServer } from '../testing/http-server.ts'
import { aRequest, chatAnswer } from '../testing/model-requests.ts'
import { aTurn } from '../testing/turns.ts'
import { ModelError } from '../types.ts'
import { askModel } from './ask.ts'

let server: TestServer
let answer: unknown
beforeAll(async () => {
  server = await TestServer.start((_, response) => json(response, answer))
})
afterAll(() => server.stop())

// Mostly near what a provider says, so that the search gets past the first check.
const anything = fc.jsonValue({ maxDepth: 3 })
const orAnything = <T>(usual: fc.Arbitrary<T>, weight = 300) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: anything })
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('\ud800'))
const call = fc.record(
  {
    id: orAnything(fc.oneof(fc.constantFrom('a', 'b', 'call_1_0', ''), text)),
    type: fc.constant('function'),
    function: orAnything(
      fc.record({
        name: orAnything(
          fc.oneof(
            fc.constantFrom('order_tools__process_refund', 'order_tools.process_refund', 'toString'),
            text,
          ),
        ),
        arguments: orAnything(fc.oneof(fc.json(), text, fc.constant('{"amount":5}'))),
      }),
    ),
  },
  { requiredKeys: ['function'] },
)
const message = fc.record(
  {
    role: fc.constant('assistant'),
    content: orAnything(fc.oneof(text, fc.constant(null))),
    tool_calls: orAnything(fc.array(call, { maxLength: 80, size: '+1' })),
    reasoning_content: orAnything(text),
  },
  { requiredKeys: [] },
)
const finish = orAnything(fc.constantFrom('stop', 'tool_calls', 'length', 'content_filter', 'other'))
const wire = orAnything(
  fc
    .tuple(message, finish)
    .map(([said, reason]) => chatAnswer(said as Record<string, unknown>, reason as string)),
)

const partsOf = (
  messages: unknown,
  type: string,
): { toolCallId: string; toolName: string; input: unknown }[] =>
  (messages as { content: { type: string }[] | string }[])
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .filter(part => part.type === type) as never

it('whatever a provider answers, there is a ModelError or each call has one place and one result', async () => {
  let read = 0
  await fc.assert(
    fc.asyncProperty(wire, async each => {
      answer = each
      const outcome = await askModel(aRequest(server.url)).catch((error: unknown) => error)
      if (outcome instanceof ModelError) return
      read += (outcome as { calls: unknown[] }).calls.length
      const { calls, messages, text: words } = outcome as Awaited<ReturnType<typeof askModel>>
      const ids = calls.map(({ providerCallID }) => providerCallID)
      expect(new Set(ids).size).toBe(ids.length)
      expect(calls.length).toBeLessThanOrEqual(64)
      expect(calls.filter(({ input }) => input.ok).length).toBeLessThanOrEqual(32)
      expect(calls.filter(({ input, tool }) => input.ok && tool !== 'order_tools.process_refund')).toEqual([])
      for (const { tool } of calls) expect(tool).toMatch(/^.{1,256}$/s)
      expect(partsOf(messages, 'tool-call').map(({ toolCallId }) => toolCallId)).toEqual(ids)
      expect(partsOf(messages, 'tool-result')).toEqual([])
      for (const part of partsOf(messages, 'tool-call')) {
        expect(part.toolName).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
        expect(Array.isArray(part.input) || part.input === null || typeof part.input !== 'object').toBe(false)
      }
      expect(words.isWellFormed()).toBe(true)
      expect(JSON.parse(JSON.stringify(messages))).toEqual(messages)
      const conversation = buildMessages({ input: 'x', turns: [aTurn({ calls, messages })] })
      expect(partsOf(conversation, 'tool-result').map(({ toolCallId }) => toolCallId)).toEqual(ids)
    }),
    { numRuns: 200 },
  )
  // A search that never got past the first check would have found nothing out.
  expect(read).toBeGreaterThan(100)
}, 60_000)
