import fc from 'fast-check'
import { expect, test } from 'vitest'
import { looksLike } from './look-alikes.ts'
import { type Piece, pieces, runsRightToLeft } from './visible.ts'

const shown = (text: string, exact = false) =>
  pieces(text, exact)
    .map(piece => {
      if ('hidden' in piece) return `[${piece.hidden}]`
      if ('rightToLeft' in piece) return `<${piece.rightToLeft}>`
      return piece.lookAlike === undefined ? piece.text : `{${piece.text}: ${piece.lookAlike}}`
    })
    .join('')

test('text that cannot deceive is one piece, as it is', () => {
  for (const text of [
    '<b>Zoë</b> pays 2,400 €',
    'Größe naïve Ελλάδα Москва 東京 서울 ไทยแลนด์ देवनागरी Tiếng Việt',
    'Заказ от Amazon',
    '10 kΩ, 5 μm, m², ½, ™, “quotes”—and a dash',
    'e\u0301 as two characters',
    '👍🎉',
  ]) {
    expect(pieces(text)).toEqual([{ text }])
  }
})

test.each([
  ['a turn of direction', 'a\u202eb', 'a[U+202E]b'],
  ['nothing of no width', 'a\u200bb', 'a[U+200B]b'],
  ['a control', 'c\u0007', 'c[U+0007]'],
  ['many of the same', `a${'\u200b'.repeat(3000)}b`, 'a[U+200B ×3,000]b'],
  ['many of several', `a${'\u200b\u200c'.repeat(6)}b`, `a[${'U+200B U+200C '.repeat(4)}and 4 more]b`],
  ['a blank that is a letter', 'a\u3164b\u2800', 'a[U+3164]b[U+2800]'],
  ['a character of no font', '\ue000\u0378', '[U+E000 U+0378]'],
  ['half a character', 'z\ud800', 'z[U+D800]'],
  ['letters out of sight', 'x\u{e0041}y\u00a0z', 'x[U+E0041]y[NBSP]z'],
  ['a line', 'a\nb', 'a[↵]b'],
  ['an empty page', `a${'\n'.repeat(80)}b`, 'a[↵ ×80]b'],
  ['a table', 'a\tb\r\n', 'a[TAB]b[CR][↵]'],
  ['a stack of marks', `a${'\u0301'.repeat(20)}b`, `a\u0301\u0301\u0301[U+0301 ×17]b`],
  ['a mark on nothing', '\u0301a', '[U+0301]a'],
  ['a mark on a digit', '1\u0336 0', '1[U+0336] 0'],
  ['a letter struck out', 'a\u0336', 'a[U+0336]'],
  ['a ring round a letter', 'a\u20dd', 'a[U+20DD]'],
])('what could deceive is said by its number: %s', (_, text, expected) => {
  expect(shown(text)).toBe(expected)
})

test.each([
  ['before', '  a', '[space ×2]a'],
  ['behind', 'a ', 'a[space]'],
  ['in a row', 'a    b', 'a[space ×4]b'],
  ['alone', '   ', '[space ×3]'],
  ['one or two between words', 'a b  c', 'a b  c'],
])('in values spaces are counted where nobody would see them: %s', (_, text, expected) => {
  expect(shown(text, true)).toBe(expected)
  expect(shown(text)).toBe(text)
})

test('in values a dash that passes for a hyphen is said', () => {
  expect(shown('ORD\u20131287', true)).toBe('ORD[U+2013]1287')
  expect(shown('good \u2013 bad, well\u2010known', true)).toBe('good \u2013 bad, well\u2010known')
})

test('letters from right to left are drawn by themselves, so that the figures around them stay where they stand', () => {
  expect(shown('100 שקל חדש 200-300')).toBe('100 <שקל חדש> 200-300')
  expect(shown('אב12גד')).toBe('<אב>12<גד>')
  expect(runsRightToLeft('ORD-1287 \u05d0')).toBe(true)
  expect(runsRightToLeft('ORD-1287')).toBe(false)
})

test.each([
  ['p\u0430ypal', '{p\u0430ypal: Latin and Cyrillic letters in one word}'],
  ['to \u0440\u0430\u0443.com', 'to {\u0440\u0430\u0443: Cyrillic letters that look Latin}.com'],
  ['\uff41\uff44\uff4d\uff49\uff4e', '{\uff41\uff44\uff4d\uff49\uff4e: not the plain letters admin}'],
  ['\u{1d41a}dmin', '{\u{1d41a}dmin: not the plain letters admin}'],
  ['\u0661\u0662', '{\u0661\u0662: digits of another script}'],
])('a word that is not what it looks like is marked: %s', (text, expected) => {
  expect(shown(text)).toBe(expected)
})

test('names that look the same look the same', () => {
  for (const [a, b] of [
    ['\u00e9t\u00e9', 'e\u0301te\u0301'],
    ['amount', '\u0430mount'],
    ['amount', 'amount\u200b'],
    ['amount', ' amount '],
    ['to', '\uff54\uff4f'],
  ] as const) {
    expect(looksLike(a)).toBe(looksLike(b))
  }
  expect(looksLike('amount')).not.toBe(looksLike('Amount'))
})

test('no character is lost or drawn that is not there, whatever the text', () => {
  const drawn = (piece: Piece) =>
    'text' in piece ? piece.text : 'rightToLeft' in piece ? piece.rightToLeft : ''
  const tricky = fc.constantFrom(
    '\u202e',
    '\u200b',
    '\n',
    ' ',
    '\u0301',
    'א',
    'a',
    '7',
    'о',
    '-',
    '\ud800',
    '\u2013',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(tricky).map(list => list.join('')),
  )
  fc.assert(
    fc.property(text, fc.boolean(), (value, exact) => {
      const found = pieces(value, exact)
      let rest = value
      for (const piece of found) {
        const part = drawn(piece)
        const at = rest.indexOf(part)
        expect(at).toBeGreaterThanOrEqual(0)
        // What is not drawn is said.
        if (at > 0) expect(found.some(one => 'hidden' in one)).toBe(true)
        rest = rest.slice(at + part.length)
      }
      const all = found.map(drawn).join('')
      expect(/[\p{Cc}\p{Cf}\p{Cs}]/u.test(all)).toBe(false)
      if (found.every(piece => !('hidden' in piece))) expect(all).toBe(value)
    }),
  )
})

test.each([
  ['nothing but hidden characters', '\u200b\u200c'.repeat(32_000)],
  ['a hidden one in each word', 'a\u200b'.repeat(32_000)],
  ['marks', '\u0301'.repeat(64_000)],
  ['words that pass for others', '\u0440\u0430\u0443 '.repeat(16_000)],
  ['spaces', ' '.repeat(64_000)],
])('64 KiB of %s are cut in a moment', (_, text) => {
  const begun = performance.now()
  pieces(text, true)
  expect(performance.now() - begun).toBeLessThan(1000)
})
