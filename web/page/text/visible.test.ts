import { expect, test } from 'vitest'
import { pieces, runsRightToLeft } from './visible.ts'

test('text that cannot deceive is one piece, as it is', () => {
  expect(pieces('<b>Zoë</b> pays 2,400 €')).toEqual([{ text: '<b>Zoë</b> pays 2,400 €' }])
})

test('characters that are invisible, turn the order round or control something are shown by their numbers', () => {
  expect(pieces('a\u202eb\u200bc\u0007\n')).toEqual([
    { text: 'a' },
    { hidden: 'U+202E', newline: false },
    { text: 'b' },
    { hidden: 'U+200B', newline: false },
    { text: 'c' },
    { hidden: 'U+0007', newline: false },
    { hidden: '↵', newline: true },
  ])
})

test('no character is lost between the pieces', () => {
  const text = 'x\u{e0041}y\u00a0z\ud800'
  expect(
    pieces(text)
      .map(piece => ('text' in piece ? piece.text : piece.hidden))
      .join('|'),
  ).toBe('x|U+E0041|y|NBSP|z|U+D800')
})

test('letters that run from right to left are noticed', () => {
  expect(runsRightToLeft('ORD-1287 \u05d0')).toBe(true)
  expect(runsRightToLeft('ORD-1287')).toBe(false)
})
