import { expect, test } from 'vitest'
import { readsLikeQuestion } from './question.ts'

test.each([
  'Shall I refund it?',
  'I found two orders.\n\nWhich of them do you mean? A-1 or A-2.',
  '“Is that right?”',
  '**Which one?**',
  '本当に返金しますか？',
  'هل أسترد المبلغ؟',
  'Shall I? … (cut; 20000 bytes)',
])('%j reads like a question', output => {
  expect(readsLikeQuestion(output)).toBe(true)
})

test.each([
  'Done: refunded.',
  '',
  'Is it late? Yes.\n\nI refunded it.',
  'See https://shop.example/?order=7 for the receipt.',
])('%j does not', output => {
  expect(readsLikeQuestion(output)).toBe(false)
})
