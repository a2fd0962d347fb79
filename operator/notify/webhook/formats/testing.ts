import fc from 'fast-check'
import type { JsonValue } from '../../../../crds/v1alpha1/common.ts'
import type { Notice } from '../../types.ts'
import { aNotice } from '../testing.ts'

/** The link of a notice of `aNotice`. */
export const LINK = 'https://approvals.example.com/projects/shop/approvals/order-run-7-1-0'

/** Every object in a message, with the one that it stands in. */
export function* objects(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Record<string, unknown>
  for (const inner of Object.values(value)) yield* objects(inner)
}

/** What a message says, a line for each text in it. */
export const words = (message: object): string =>
  [...objects(message)]
    .flatMap(({ type, text, codeSnippet }) => (type === undefined ? [] : [text, codeSnippet]))
    .filter(each => typeof each === 'string')
    .map(each => each.trim())
    .join('\n')

const hostile = fc.constantFrom(
  '<!channel>',
  '<@U0123456>',
  '@here',
  '<https://evil.test|open>',
  'https://evil.test/',
  '*bold* _it_ ~no~ `code`',
  '[open](https://evil.test)',
  '**x** # h\n- [ ] y',
  '<at>alice</at>',
  '{{DATE(2026-11-23T10:00:00Z, SHORT)}}',
  '{{{{TIME(2026-11-23T10:00:00Z)}}',
  `\${evil}`,
  '\u202e\u200b',
  '\ud800',
  '"\\\u0000',
  '🙂'.repeat(400),
  '\u0001'.repeat(1000),
  '\n'.repeat(500),
  'あ'.repeat(4000),
  '&<>'.repeat(2000),
)
const text = (limit: number) =>
  fc
    .array(fc.oneof(hostile, fc.string({ unit: 'binary' })), { maxLength: 6 })
    .map(parts => parts.join('').slice(0, limit))
const name = text(256).map(value => value || 'x')
const params = fc.dictionary(name, fc.oneof(text(20_000), fc.jsonValue() as fc.Arbitrary<JsonValue>), {
  maxKeys: 6,
})
const decisions = fc.array(
  fc.record({
    reviewer: name,
    verdict: fc.constantFrom('Approve' as const, 'Reject' as const),
    reason: text(4096),
    via: fc.constant('Web' as const),
  }),
  { maxLength: 20 },
)
const gates = fc.array(
  fc.record({
    name,
    from: fc.constantFrom('Agent' as const, 'Project' as const),
    when: text(2000),
    outcome: fc.constantFrom('Always', 'ConditionTrue', 'ConditionUnknown', 'ToolChanged'),
    detail: text(1024),
    values: params,
  }),
  { minLength: 1, maxLength: 20 },
)
const notices: fc.Arbitrary<Notice> = fc
  .record({
    event: fc.constantFrom('Requested', 'Reminded', 'Escalated', 'Decided', 'Expired', 'Cancelled'),
    spec: fc.record({ tool: name, params, message: text(1024), requestedBy: name, gates }),
    status: fc.record({
      phase: fc.constantFrom('Pending', 'Approved', 'Rejected', 'Expired', 'Cancelled'),
      decisions,
      message: text(4096),
    }),
  })
  .map(changes => aNotice(changes as never))

/** Holds a format to what must be so, whatever a request holds. */
export const check = (property: (notice: Notice) => void) =>
  fc.assert(fc.property(notices, property), {
    numRuns: 150,
    // Long texts shrink for minutes.
    interruptAfterTimeLimit: 20_000,
    markInterruptAsFailure: true,
  })

/** Characters that would turn, hide or break what is shown. */
export const DECEIVING = /\p{Cf}|(?!\n)\p{Cc}/u
