// The scripted conversation: what the "model" of the demo says. Each scene is chosen by the last thing the user said;
// within it the model's answers follow one another. A line sees what the user said and the results of the calls before
// it, so that the model can adapt, as a real one would.

export interface ScriptedCall {
  readonly tool: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly text?: string
  readonly calls?: readonly ScriptedCall[]
}

/** What a line of the script can look at. */
export interface Heard {
  /** What `when` of the scene matched. */
  readonly match: readonly string[]
  /** Texts of the tool results since the last answer, in order. */
  readonly results: readonly string[]
}

export type Line = (heard: Heard) => Answer

export interface Scene {
  readonly when: RegExp
  readonly lines: readonly Line[]
}

/** What this model believes the orders cost, in euros. */
const PRICES: Readonly<Record<string, number>> = {
  'ORD-1287': 2400,
  'ORD-1301': 60,
  'ORD-1302': 1800,
  'ORD-1304': 1500,
  'ORD-1305': 3100,
  'ORD-1306': 1250,
  'ORD-1309': 4800,
}

const lastResult = ({ results }: Heard): string => results.at(-1) ?? 'Done.'

const wasRefused = (heard: Heard): boolean => /not executed/.test(lastResult(heard))

/** Asks for the refund; told "no", it leaves a note instead and says so. */
const refundOrAdapt: readonly Line[] = [
  ({ match: [, order = ''] }) => ({
    calls: [
      {
        tool: 'order_tools.process_refund',
        params: { order_id: order.toUpperCase(), amount: PRICES[order.toUpperCase()] ?? 100 },
      },
    ],
  }),
  heard =>
    wasRefused(heard)
      ? {
          text: 'The refund was not approved, so I tell the customer that it is being looked into.',
          calls: [
            {
              tool: 'order_tools.send_note',
              params: { order_id: heard.match[1] ?? '', text: 'We are looking into your refund.' },
            },
          ],
        }
      : { text: lastResult(heard) },
  ({ match: [, order = ''] }) => ({
    text: `The refund for ${order} was not approved. I sent the customer a note instead.`,
  }),
]

export const scenes: readonly Scene[] = [
  { when: /refund order (ORD-\d+)/i, lines: refundOrAdapt },
  {
    when: /refund whatever order (ORD-\d+) cost/i,
    // "Amount" is no parameter of the tool: a condition on param.amount cannot be trusted to have seen it.
    lines: [
      ({ match: [, order_id = ''] }) => ({
        calls: [{ tool: 'order_tools.process_refund', params: { order_id, amount: 10, Amount: 5200 } }],
      }),
      heard => ({ text: lastResult(heard) }),
    ],
  },
  {
    when: /cancel orders (ORD-\d+) and (ORD-\d+)/i,
    lines: [
      ({ match: [, first = '', second = ''] }) => ({
        text: 'I look the first one up and cancel both.',
        calls: [
          { tool: 'order_tools.get_order', params: { order_id: first } },
          { tool: 'order_tools.cancel_order', params: { order_id: first } },
          { tool: 'order_tools.cancel_order', params: { order_id: second } },
        ],
      }),
      ({ results, match: [, first, second] }) => {
        const cancelled = [first, second].filter((_, index) => /^Cancelled/.test(results[index + 1] ?? ''))
        return { text: `Cancelled: ${cancelled.join(', ') || 'neither of them'}.` }
      },
    ],
  },
]

const HELP =
  'I am a scripted model. Try: "Refund order ORD-1301." (60 EUR), "Refund order ORD-1287." (2,400 EUR), "Cancel orders ORD-1302 and ORD-1305." or "Refund whatever order ORD-1303 cost."'

/** What the model says next: `input` is the last thing the user said, `spoken` how often it has answered since. */
export const nextAnswer = (input: string, spoken: number, results: readonly string[]): Answer => {
  for (const { when, lines } of scenes) {
    const match = when.exec(input)
    if (match) return lines[spoken]?.({ match, results }) ?? { text: 'Done.' }
  }
  return { text: HELP }
}
