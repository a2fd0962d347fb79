import { describe, expect, it } from 'vitest'
import { visible, visibleLines } from './visible.ts'

describe('text of others on a terminal', () => {
  it.each([
    ['a right-to-left override', 'pay\u202e0001', 'pay\\u202e0001'],
    ['a left-to-right isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['a zero-width space', 'alice\u200b@acme.com', 'alice\\u200b@acme.com'],
    ['a zero-width joiner', 'a\u200db', 'a\\u200db'],
    ['a byte order mark', '\ufeffx', '\\ufeffx'],
    ['a soft hyphen', 'a\u00adb', 'a\\u00adb'],
    ['an escape sequence that clears the screen', '\u001b[2Jok', '\\u001b[2Jok'],
    ['an 8-bit control sequence introducer', '\u009b2J', '\\u009b2J'],
    ['a backspace', 'a\bb', 'a\\u0008b'],
    ['a delete', 'a\u007fb', 'a\\u007fb'],
    ['a carriage return', 'approve\rreject', 'approve\\rreject'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['a no-break space', '1\u00a0000', '1\\u00a0000'],
    ['an invisible tag, as a surrogate pair', 'x\u{e0041}', 'x\\udb40\\udc41'],
    ['a lone surrogate', 'x\ud800', 'x\\ud800'],
    ['a Hangul filler', 'a\u3164b', 'a\\u3164b'],
  ])('shows %s as an escape', (_, text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  it('leaves what people write alone', () => {
    expect(visible('Größe 東京 naïve 🙂 "a\\b"')).toBe('Größe 東京 naïve 🙂 "a\\b"')
  })

  it('keeps the lines of prose and nothing else', () => {
    expect(visibleLines('one\r\ntwo\u202e\n\nthree')).toEqual(['one', 'two\\u202e', '', 'three'])
  })
})
