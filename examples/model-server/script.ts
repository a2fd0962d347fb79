// The scripted conversation: what the "model" of the demo says. Each scene is chosen by the last thing the user said;
// within it the model's answers follow one another. A function sees the results of the calls before it, so that the
// model can adapt, as a real one would.

export interface ScriptedCall {
  readonly tool: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly text?: string
  readonly calls?: readonly ScriptedCall[]
}

/** `results`: texts of the tool results since the last answer, in order. */
export type Line = Answer | ((results: readonly string[]) => Answer)

export interface Scene {
  readonly when: RegExp
  readonly lines: readonly Line[]
}

const refund = (order_id: string, amount: number): Answer => ({
  calls: [{ tool: 'order_tools.process_refund', params: { order_id, amount } }],
})

const lastWords: Line = results => ({ text: results.at(-1) ?? 'Done.' })

/** What an agent that was told "no" does: it leaves a note instead, and says so. */
const adapt = (order_id: string): Line[] => [
  results =>
    /not executed/.test(results.at(-1) ?? '')
      ? {
          text: 'The refund was not approved; I let the customer know that it is being looked into.',
          calls: [
            { tool: 'order_tools.send_note', params: { order_id, text: 'We are looking into your refund.' } },
          ],
        }
      : { text: results.at(-1) ?? 'Done.' },
  { text: `The refund for ${order_id} was not approved. I sent the customer a note instead.` },
]

export const scenes: readonly Scene[] = [
  { when: /refund order ORD-1301/i, lines: [refund('ORD-1301', 60), lastWords] },
  { when: /refund order ORD-1287/i, lines: [refund('ORD-1287', 2400), ...adapt('ORD-1287')] },
  { when: /refund order ORD-1302/i, lines: [refund('ORD-1302', 1800), ...adapt('ORD-1302')] },
  {
    when: /refund whatever order ORD-1303 cost/i,
    // "Amount" is no parameter of the tool: a condition on param.amount cannot be trusted to have seen it.
    lines: [
      {
        calls: [
          {
            tool: 'order_tools.process_refund',
            params: { order_id: 'ORD-1303', amount: 10, Amount: 5200 },
          },
        ],
      },
      lastWords,
    ],
  },
  {
    when: /cancel orders ORD-1302 and ORD-1303/i,
    lines: [
      {
        text: 'I look the customer up and cancel both.',
        calls: [
          { tool: 'order_tools.get_order', params: { order_id: 'ORD-1302' } },
          { tool: 'order_tools.cancel_order', params: { order_id: 'ORD-1302' } },
          { tool: 'order_tools.cancel_order', params: { order_id: 'ORD-1303' } },
        ],
      },
      results => ({ text: results.join(' ') }),
    ],
  },
]

/** What the model says next: `input` is the last thing the user said, `spoken` how often it has answered since. */
export const nextAnswer = (input: string, spoken: number, results: readonly string[]): Answer => {
  const scene = scenes.find(({ when }) => when.test(input))
  const line = scene?.lines[spoken]
  if (!line) {
    return {
      text: scene
        ? 'Done.'
        : 'I am a scripted model. Try: "Refund order ORD-1287, it was charged twice." or "Refund order ORD-1301."',
    }
  }
  return typeof line === 'function' ? line(results) : line
}
