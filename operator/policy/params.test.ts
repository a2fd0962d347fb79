import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { canonicalize } from './canonical.ts'
import { checkParams, MAX_PARAMS_BYTES } from './params.ts'

/** A list in a list in a list. */
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])

// Below a second alone; a busy machine takes several.
vi.setConfig({ testTimeout: 60_000 })

describe('checkParams accepts', () => {
  it.each([
    ['nothing', {}],
    ['null members', { a: null, b: [null, {}] }],
    ['the safe integers', { a: 9007199254740991, b: -9007199254740991 }],
    ['fractions', { a: 0.1, b: 1e-300, c: 4503599627370495.5 }],
    ['whole characters', { '\u{1f600}': '\u{1f600} é \u0000' }],
    ['64 levels', { a: deep(63) }],
    ['names of the host language', { constructor: 1, toString: { length: 1 }, prototype: [] }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['$ before another name', { $ref: 1, $redact: 2, redacted: 3 }],
  ])('%s', (_, params) => {
    expect(checkParams(params)).toEqual({ ok: true, params, bytes: Buffer.byteLength(canonicalize(params)) })
  })

  it('65,536 bytes of the RFC 8785 form, and refuses one more', () => {
    const params = (bytes: number) => ({ a: 'é'.repeat((bytes - '{"a":""}'.length) / 2) })
    expect(checkParams(params(MAX_PARAMS_BYTES))).toMatchObject({ ok: true, bytes: 65_536 })
    const more = { ...params(MAX_PARAMS_BYTES) }
    more.a += 'x'
    expect(checkParams(more)).toEqual({
      ok: false,
      message: 'The parameters take 65537 bytes, more than the 65536 allowed. Send less in one call.',
    })
  })

  it('counts the form that is digested, not the spaces or escapes that the model wrote', () => {
    expect(checkParams(JSON.parse(String.raw`{ "a" : "\u0041" }`))).toMatchObject({ ok: true, bytes: 9 })
  })

  it('-0 as 0, which is what reaches the tool', () => {
    expect(checkParams({ a: -0 })).toMatchObject({ ok: true, bytes: '{"a":0}'.length })
  })
})

describe('checkParams refuses', () => {
  it.each<[string, unknown, string]>([
    ['a list', [], 'must be one JSON object'],
    ['null', null, 'must be one JSON object'],
    ['a string', '{}', 'must be one JSON object'],
    ['nothing at all', undefined, 'must be one JSON object'],
    ['2^53', { a: 2 ** 53 }, 'param.a is an integer beyond'],
    ['-2^53', { a: { b: [0, -(2 ** 53)] } }, 'param.a.b[1] is an integer beyond'],
    ['12345678901234567890', JSON.parse('{"a": 12345678901234567890}'), 'param.a is an integer beyond'],
    ['1e300', { a: 1e300 }, 'param.a is an integer beyond'],
    ['infinity', JSON.parse('{"a": 1e400}'), 'param.a is not a finite number'],
    ['NaN', { a: Number.NaN }, 'param.a is not a finite number'],
    ['half a surrogate pair', { a: ['x', '\ud83d'] }, 'param.a[1] holds half of a surrogate pair'],
    ['half a surrogate pair in a name', { a: { '\ude00': 1 } }, 'A name in param.a holds half'],
    ['65 levels', { a: deep(64) }, 'is nested deeper than 64 levels'],
    ['__proto__', JSON.parse('{"a": {"__proto__": 1}}'), 'param.a has a property named __proto__'],
    ['$redacted', { a: [{ $redacted: 'hmac-sha256:00' }] }, 'param.a[0] has a property named $redacted'],
    ['undefined', { a: undefined }, 'param.a is not a JSON value'],
    ['a hole', { a: new Array(1) }, 'param.a[0] is not a JSON value'],
    ['a bigint', { a: 1n }, 'param.a is not a JSON value'],
    ['a function', { toJSON: () => 1 }, 'param.toJSON is not a JSON value'],
    ['a date', { a: new Date(0) }, 'param.a is not a JSON value'],
    ['a map', { a: new Map() }, 'param.a is not a JSON value'],
  ])('%s', (_, params, message) => {
    expect(checkParams(params)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })

  it('a hundred thousand levels, without falling over', () => {
    let value: unknown = 1
    for (let i = 0; i < 100_000; i++) value = { a: value }
    expect(checkParams(value)).toMatchObject({ ok: false })
  })

  it('a long name with a short message', () => {
    const result = checkParams({ ['n'.repeat(60_000)]: 1e300 })
    expect(result.ok || result.message.length).toBeLessThan(400)
  })
})

describe('whatever JSON a model sends', () => {
  it('either survives a round trip by its RFC 8785 form, or is refused without its values', () => {
    const values = fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }),
      { maxKeys: 4 },
    )
    fc.assert(
      fc.property(values, value => {
        const params = JSON.parse(JSON.stringify(value))
        const result = checkParams(params)
        if (!result.ok) return
        expect(JSON.parse(canonicalize(params))).toEqual(JSON.parse(JSON.stringify(params)))
        expect(Buffer.from(canonicalize(params)).toString()).toBe(canonicalize(params))
      }),
      { numRuns: 300 },
    )
  })
})
