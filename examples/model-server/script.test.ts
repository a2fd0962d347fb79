import { describe, expect, it } from 'vitest'
import { nextAnswer } from './script.ts'

const refund = 'Refund order ORD-1287, it was charged twice.'

describe('the scripted model', () => {
  it('asks for the refund that the user wants', () => {
    expect(nextAnswer(refund, 0, [])).toEqual({
      calls: [{ tool: 'order_tools.process_refund', params: { order_id: 'ORD-1287', amount: 2400 } }],
    })
  })

  it('repeats what the tool said, and asks for no more', () => {
    expect(nextAnswer(refund, 1, ['Refunded 2400 EUR for ORD-1287.'])).toEqual({
      text: 'Refunded 2400 EUR for ORD-1287.',
    })
  })

  it('leaves a note when it is told that the refund was not executed, and says so', () => {
    const told = 'This call was not executed: a reviewer rejected it. Reason: no'
    expect(nextAnswer(refund, 1, [told])).toMatchObject({ calls: [{ tool: 'order_tools.send_note' }] })
    expect(nextAnswer(refund, 2, ['Sent a note about ORD-1287.'])).toEqual({
      text: 'The refund for ORD-1287 was not approved. I sent the customer a note instead.',
    })
  })

  it.each([
    [['{}', 'Cancelled ORD-1302.', 'This call was not executed'], 'Cancelled: ORD-1302.'],
    [['{}', 'This call was not executed', 'Cancelled ORD-1305.'], 'Cancelled: ORD-1305.'],
    [['{}', 'This call was not executed', 'This call was not executed'], 'Cancelled: neither of them.'],
  ])('says which of two orders was cancelled: %j', (results, text) => {
    expect(nextAnswer('Cancel orders ORD-1302 and ORD-1305.', 1, results)).toEqual({ text })
  })

  it('says what it can be asked where it has no scene for it', () => {
    expect(nextAnswer('Hello', 0, []).text).toContain('scripted model')
  })
})
