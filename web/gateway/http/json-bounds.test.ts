import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFault } from './json-bounds.ts'

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)

describe('the shape of a body', () => {
  test.each([
    ['an array in an array, 64 times', nested(64, '[', ']'), undefined],
    ['and once more', nested(65, '[', ']'), /deeper than 64/],
    ['a hundred thousand times', nested(100_000, '[', ']'), /deeper than 64/],
    ['an object in an object, 65 times', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, /deeper than 64/],
    ['brackets in a string', JSON.stringify({ a: '[{'.repeat(100) }), undefined],
    ['20,001 elements', JSON.stringify(Array(20_001).fill(0)), undefined],
    ['one more', JSON.stringify(Array(20_002).fill(0)), /more than 20000/],
    ['commas in a string', JSON.stringify(','.repeat(50_000)), undefined],
    ['a name twice', '{"reason": "a", "reason": "b"}', /same name twice/],
    ['a name twice, spelled differently', '{"reason": "a", "re\\u0061son": "b"}', /same name twice/],
    ['a name twice, deep inside', '[{"a": {"b": [{"c": 1, "d": 2, "c": 3}]}}]', /same name twice/],
    ['a name twice, around an object', '{"a": {"b": 1}, "a": 2}', /same name twice/],
    ['a name twice, around an array', '{"a": [1, {"a": 1}, "a"], "a": 2}', /same name twice/],
    ['an empty name twice', '{"": 1, "": 2}', /same name twice/],
    ['__proto__ twice', '{"__proto__": 1, "__proto__": 2}', /same name twice/],
    ['a name in two objects', '[{"a": 1}, {"a": {"a": 1}}]', undefined],
    ['a name that is also a value', '{"a": "a", "b": "a"}', undefined],
    ['quotes in names and values', '{"\\"a": "\\"", "a\\\\": "\\\\", "a": "{\\"a\\":1"}', undefined],
    ['a bare string', '"a"', undefined],
    ['a number', ' 1 ', undefined],
  ])('should be judged: %s', (_, text, fault) => {
    if (fault === undefined) expect(jsonFault(text)).toBeUndefined()
    else expect(jsonFault(text)).toMatch(fault)
  })

  test('should find no fault with whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        expect(jsonFault(JSON.stringify(value, null, indent))).toBeUndefined()
      }),
    )
  })

  test('should find every name that stands twice, wherever that is', () => {
    const wrap = fc.array(
      fc.constantFrom<[string, string]>(['[', ']'], ['{"x":', '}'], ['[1,"]",', ',{}]']),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), wrap, (name, value, around) => {
        const [key, inner] = [JSON.stringify(name), JSON.stringify(value)]
        const pair = `{${key}:${inner},${key}:1}`
        const text = around.reduce((text, [before, after]) => before + text + after, pair)
        expect(() => JSON.parse(text)).not.toThrow()
        expect(jsonFault(text)).toMatch(/same name twice/)
      }),
    )
  })
})
