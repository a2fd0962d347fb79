import { describe, expect, it } from 'vitest'
import type { InboxItem } from '../api/types.ts'
import { askingWords, plainly, waitingWords } from './words.ts'

describe('words of a notification', () => {
  it.each([
    ['a name as it is', 'order_tools.process_refund', 'order_tools.process_refund'],
    ['what is invisible by its number', 'refund\u200b.all', 'refund[U+200B].all'],
    ['what turns the line by its number', 'a\u202etxt.exe', 'a[U+202E]txt.exe'],
    ['line breaks as a sign', 'a\nApproved', 'a[↵]Approved'],
    ['what is written from right to left by itself', 'a \u05d0\u05d1 b', 'a \u2067\u05d0\u05d1\u2069 b'],
  ])('show %s', (_, text, expected) => {
    expect(plainly(text)).toBe(expected)
  })

  it('end, however long the name is', () => {
    const words = plainly('x'.repeat(5000))
    expect([...words].length).toBeLessThan(130)
    expect(words.endsWith('…')).toBe(true)
    expect(plainly('\u{1d4b3}'.repeat(5000))).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
  })

  it('name the agent and the tool, and nothing else of the request', () => {
    const approval = { agent: 'order-manager', tool: 'order_tools.cancel', name: 'secret-run', run: 'secret' }
    const item = { approval } as unknown as InboxItem
    expect(askingWords(item)).toBe('order-manager asks to call order_tools.cancel')
  })

  it('say that one is reminded, or that it was escalated to them', () => {
    const approval = { agent: 'order-manager', tool: 'order_tools.cancel' }
    const words = (event: InboxItem['event']) => askingWords({ event, approval } as InboxItem)
    expect(words('Reminded')).toBe('order-manager still waits to call order_tools.cancel')
    expect(words('Escalated')).toBe('Escalated to you: order-manager asks to call order_tools.cancel')
  })

  it('count', () => {
    expect([waitingWords(1), waitingWords(12)]).toEqual(['1 request waits', '12 requests wait'])
  })
})
