import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutToStored, storedBytes } from './stored-size.ts'

describe('the stored size', () => {
  it.each([
    ['plain', 'abc', 5],
    ['characters that the API server writes as six bytes', '<>&', 20],
    ['line separators', '\u2028\u2029', 14],
    ['a control character', '\u0001', 8],
    ['an emoji', '😀', 6],
  ])('of %s', (_what, text, bytes) => expect(storedBytes(text)).toBe(bytes))
})

describe('a text that is cut', () => {
  it('fits, says how long it was, and splits no character', () => {
    const unit = fc.constantFrom('a', '<', '😀', '\u0000', 'é', '"')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 400 }), fc.integer({ min: 40, max: 600 }), (text, limit) => {
        const cut = cutToStored(text, limit)
        expect(storedBytes(cut) - 2).toBeLessThanOrEqual(limit)
        expect(cut.isWellFormed()).toBe(true)
        if (cut !== text) expect(cut).toContain(`[cut: ${Buffer.byteLength(text)} bytes]`)
      }),
    )
  })

  it('is left alone where it fits', () => expect(cutToStored('<b>', 13)).toBe('<b>'))
})
