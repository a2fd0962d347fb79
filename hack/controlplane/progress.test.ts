import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { inWords, showProgress } from './progress.ts'

const output = (more: { isTTY?: boolean; columns?: number } = {}) => {
  const chunks: string[] = []
  const stream = Object.assign(new PassThrough(), more)
  stream.on('data', chunk => chunks.push(String(chunk)))
  return { stream, text: () => chunks.join('') }
}

test.each([
  [0.4, '0 s'],
  [59, '59 s'],
  [61, '1 min 1 s'],
  [420, '7 min 0 s'],
])('%d seconds are "%s"', (seconds, words) => {
  expect(inWords(seconds)).toBe(words)
})

test('where nothing can be overwritten there is one line a step', () => {
  const { stream, text } = output()
  const progress = showProgress(stream)
  progress.step('One')
  progress.detail('1 of 2')
  progress.note('by the way')
  progress.step('Two')
  progress.end()
  expect(text()).toBe('One ...\nby the way\nTwo ...\n')
})

test('on a terminal the line of a step ends with its time and detail, within the width', () => {
  const { stream, text } = output({ isTTY: true, columns: 30 })
  let now = 0
  const progress = showProgress(stream, () => now)
  progress.step('Building')
  now = 65_000
  progress.detail('12 of at most 3000 packages')
  progress.end()
  const lines = text().split('\r\u001b[K')
  expect(lines).toEqual(['', 'Building: 0 s', 'Building: 1 min 5 s, 12 of at\n'])
})
