import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalize, digest, sha256Hex, tryCanonicalize } from './canonical.ts'

describe('the RFC 8785 form', () => {
  it('is that of the example in section 3.2.2', () => {
    const value = JSON.parse(
      String.raw`{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
    )
    expect(canonicalize(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('sorts names by UTF-16 units, as section 3.2.3 shows', () => {
    const value = JSON.parse(
      String.raw`{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}`,
    )
    expect(Object.values(JSON.parse(canonicalize(value)))).toHaveLength(7)
    expect([...canonicalize(value).matchAll(/:"([^"]*)"/g)].map(match => match[1])).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })

  // Appendix B: IEEE 754 bits and what they are written as.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555555', '333333333.3333333'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
  ])('writes the number %s as %s', (bits, text) => {
    const value = Buffer.from(bits, 'hex').readDoubleBE()
    expect(canonicalize(value)).toBe(text)
    expect(canonicalize([value])).toBe(`[${text}]`)
  })

  it('does not depend on the order of members, and is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        fc.pre(JSON.stringify(value).isWellFormed())
        const reversed = JSON.parse(JSON.stringify(value), (_, inner) =>
          typeof inner === 'object' && inner !== null && !Array.isArray(inner)
            ? Object.fromEntries(Object.entries(inner).reverse())
            : inner,
        )
        expect(canonicalize(reversed)).toBe(canonicalize(value))
        expect(JSON.parse(canonicalize(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('keeps a member named __proto__, and one named toJSON', () => {
    expect(canonicalize(JSON.parse('{"toJSON": 1, "__proto__": {"a": 1}}'))).toBe(
      '{"__proto__":{"a":1},"toJSON":1}',
    )
  })

  it.each([
    ['a lone surrogate', '\ud83d'],
    ['a lone surrogate in a list', ['\ude00']],
    ['a lone surrogate in a name', { '\ud83d': 1 }],
    ['NaN', Number.NaN],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['undefined', undefined],
    ['a function', () => 1],
    [
      'a circle',
      (() => {
        const a: unknown[] = []
        a.push(a)
        return a
      })(),
    ],
  ])('is refused to %s, without a word of the value', (_, value) => {
    expect(() => canonicalize(value)).toThrow(TypeError)
    const result = tryCanonicalize(value)
    expect(result).toEqual({ ok: false, message: expect.stringMatching(/^no RFC 8785 form: [A-Za-z ]+$/) })
  })

  it('is given by tryCanonicalize as a result', () => {
    expect(tryCanonicalize({ b: 1, a: 2 })).toEqual({ ok: true, text: '{"a":2,"b":1}' })
  })
})

describe('digests', () => {
  it('are SHA-256 of the UTF-8 form', () => {
    // Both by sha256sum.
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(digest({})).toBe('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
    expect(digest({ b: 'é', a: 1 })).toBe(`sha256:${sha256Hex('{"a":1,"b":"é"}')}`)
  })
})
