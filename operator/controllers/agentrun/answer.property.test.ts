import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agentTurnSpec } from '../../../crds/v1alpha1/agentturn.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import type { ModelAnswer, ToolDefinition } from '../../agent/types.ts'
import { paramsDigest } from '../../policy/digests.ts'
import { storedBytes } from '../../stored-size.ts'
import { callsOf, turnSpec } from './answer.ts'
import type { Scope } from './scope.ts'
import { shownParams, shownText } from './shown.ts'

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '😀'.repeat(200), '<&>'),
)

const definition: ToolDefinition = {
  name: 'shop.pay',
  toolset: 'shop',
  inputSchema: { type: 'object', properties: { amount: { type: 'number' } } },
  schemaHash: `sha256:${'0'.repeat(64)}`,
}
const tools = new Map([[definition.name, definition]])

const params = fc.oneof(
  fc.record({ amount: fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.constant(2 ** 53)) }),
  fc.dictionary(text, fc.jsonValue()),
) as fc.Arbitrary<JsonObject>

const input = fc.oneof(
  params.map(given => ({ ok: true, params: given }) as const),
  text.map(error => ({ ok: false, error: error.toWellFormed() }) as const),
)

const call = fc.record({
  providerCallID: fc.uuid(),
  tool: fc.oneof(
    fc.constant('shop.pay'),
    text.map(name => name.toWellFormed() || 'unnamed'),
  ),
  input,
})

const answer: fc.Arbitrary<ModelAnswer> = fc.record({
  text,
  calls: fc.array(call, { maxLength: 64 }),
  messages: fc.constant([]),
  finishReason: fc.constantFrom('stop', 'length', 'tool-calls', 'other'),
  usage: fc.constant({}),
})

describe('whatever a model answers', () => {
  it('its turn fits the schema, and each call has either params that have a digest or a refusal', () => {
    fc.assert(
      fc.property(answer, fc.integer({ min: -5, max: 100 }), (said, durationSeconds) => {
        const calls = callsOf(said, 3, tools)
        const spec = turnSpec({
          answer: said,
          calls,
          run: { name: 'run', uid: 'uid' },
          turn: 3,
          agentGeneration: 1,
          at: '2026-01-01T00:00:00Z',
          durationSeconds,
        })
        const parsed = agentTurnSpec.safeParse(spec)
        expect(parsed.error?.issues ?? []).toEqual([])
        expect(calls.map(({ id }) => id)).toEqual(said.calls.map((_, index) => `3.${index}`))
        for (const one of calls) {
          expect((one.params === undefined) === (one.refusal === undefined)).toBe(false)
          if (one.params) paramsDigest(one.params as JsonObject)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('what the trace shows', () => {
  const scopeWith = (secrets: readonly string[]) =>
    ({ memory: { secrets: new Set(secrets) } }) as unknown as Scope

  it('of a text is well formed, short, and without the values that are hidden', () => {
    fc.assert(
      fc.property(text, fc.string({ minLength: 4, maxLength: 12 }), (said, secret) => {
        const shown = shownText(scopeWith([secret]), `${said} ${secret} ${'é'.repeat(900)}`)
        expect(shown.isWellFormed()).toBe(true)
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(1024)
      }),
    )
    expect(shownText(scopeWith(['4111222233334444']), 'paid to 4111222233334444')).toBe('paid to [redacted]')
  })

  it('of params takes about 4 KiB at most', () => {
    fc.assert(
      fc.property(params, fc.integer({ min: 0, max: 6000 }), (given, length) => {
        const shown = shownParams({ ...given, note: 'é'.repeat(length) })
        expect(Buffer.byteLength(JSON.stringify(shown))).toBeLessThanOrEqual(8192)
        expect(storedBytes(shown)).toBeGreaterThan(0)
      }),
    )
  })
})
