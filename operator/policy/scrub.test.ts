import { describe, expect, it } from 'vitest'
import { scrub, scrubJson } from './scrub.ts'

describe('scrub', () => {
  it.each([
    ['a text', 'Card 4111111111111111 charged', ['4111111111111111'], 'Card [redacted] charged'],
    ['each occurrence', 'x4711x4711x', ['4711'], 'x[redacted]x[redacted]x'],
    ['a number', '{"pin":47114711}', [47114711], '{"pin":[redacted]}'],
    ['a text inside JSON', String.raw`{"a":"say \"hi\"\nyou"}`, ['say "hi"\nyou'], '{"a":"[redacted]"}'],
    ['a text inside a URL', 'https://x/?q=a%20b%26c', ['a b&c'], 'https://x/?q=[redacted]'],
    ['the longer of two first', 'secret-key-2', ['secret', 'secret-key'], '[redacted]-2'],
    ['a text with signs of regular expressions', 'a.*b a1b', ['a.*b'], '[redacted] a1b'],
    ['a text with $ signs', 'pay $&$1 now', ['$&$1'], 'pay [redacted] now'],
    [
      'the code of a card where it stands alone',
      '{"cvv":123,"id":"51234"} (123)',
      [123],
      '{"cvv":[redacted],"id":"51234"} ([redacted])',
    ],
    ['three signs that mean something in regular expressions', 'a+b aab', ['a+b'], '[redacted] aab'],
    ['nothing shorter than three characters', 'cvc 12 of 12', ['12', 99, true as never], 'cvc 12 of 12'],
    ['nothing where nothing is hidden', 'as it was', [], 'as it was'],
    ['an empty text from nothing', 'as it was', [''], 'as it was'],
  ])('takes %s out', (_, text, secrets, expected) => {
    expect(scrub(text, secrets)).toBe(expected)
  })
})

describe('scrubJson', () => {
  it('takes hidden values out of texts, numbers and names at any depth', () => {
    const value = {
      ok: true,
      n: 47114711,
      list: ['id 47114711', null, 1.5],
      '47114711': { deep: ['47114711'] },
    }
    expect(scrubJson(value, ['47114711'])).toEqual({
      ok: true,
      n: '[redacted]',
      list: ['id [redacted]', null, 1.5],
      '[redacted]': { deep: ['[redacted]'] },
    })
  })
  it('takes the code of a card out where it is a number of its own', () => {
    expect(scrubJson({ cvv: 123, id: 51234 }, [123])).toEqual({ cvv: '[redacted]', id: 51234 })
  })
  it('gives the value itself where nothing is hidden', () => {
    const value = { a: [1] }
    expect(scrubJson(value, ['ab', 12])).toBe(value)
  })
})
