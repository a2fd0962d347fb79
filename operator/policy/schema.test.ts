import { describe, expect, it, vi } from 'vitest'
import type { JsonObject } from '../../crds/v1alpha1/common.ts'
import { undeclared, undeclaredDetail, undeclaredProperties } from './schema.ts'

const amount = { type: 'object', properties: { amount: { type: 'number' } } }

// Below a second alone; a busy machine takes several.
vi.setConfig({ testTimeout: 60_000 })

describe('undeclaredProperties', () => {
  it.each<[string, unknown, JsonObject, string[]]>([
    ['finds none where all are declared', amount, { amount: 1 }, []],
    ['finds none in empty params', { type: 'object' }, {}, []],
    ['finds Amount beside amount', amount, { amount: 1, Amount: 2 }, ['param.Amount']],
    [
      'finds amount_ and __proto__',
      amount,
      JSON.parse('{"amount_": 1, "__proto__": 2}'),
      ['param.amount_', 'param.__proto__'],
    ],
    [
      'finds constructor: a schema declares own properties only',
      amount,
      { constructor: 1 },
      ['param.constructor'],
    ],
    ['finds every property where the schema says nothing', {}, { a: 1, b: 2 }, ['param.a', 'param.b']],
    ['finds every property of {type: object}', { type: 'object' }, { a: 1 }, ['param.a']],
    ['finds every property where there is no schema', undefined, { a: 1 }, ['param.a']],
    ['finds every property of the schema true', true, { a: 1 }, ['param.a']],
    ['finds every property of a schema that is a list', [amount], { amount: 1 }, ['param.amount']],
    [
      'finds what additionalProperties: true only lets through',
      { ...amount, additionalProperties: true },
      { x: 1 },
      ['param.x'],
    ],
    [
      'finds what additionalProperties: {} only lets through',
      { ...amount, additionalProperties: {} },
      { x: 1 },
      ['param.x'],
    ],
    [
      'finds what additionalProperties: false forbids',
      { ...amount, additionalProperties: false },
      { x: 1 },
      ['param.x'],
    ],
    [
      'takes additionalProperties with a schema as a map of any names',
      { ...amount, additionalProperties: { type: 'string' } },
      { x: 'y' },
      [],
    ],
    [
      'finds Amount in such a map where amount is declared',
      { ...amount, additionalProperties: { type: 'number' } },
      { AMOUNT: 1, 'a-mount': 2, ａmount: 3, other: 4 },
      ['param.AMOUNT', 'param["a-mount"]', 'param["ａmount"]'],
    ],
    ['takes patternProperties', { patternProperties: { '^x-': {} } }, { 'x-a': 1, y: 2 }, ['param.y']],
    [
      'takes no pattern that does not compile',
      { patternProperties: { '(': {} } },
      { '(': 1 },
      ['param["("]'],
    ],
    ['takes no pattern that is false', { patternProperties: { '^x': false } }, { x: 1 }, ['param.x']],
    ['takes no property that is false', { properties: { x: false } }, { x: 1 }, ['param.x']],
    [
      'looks into objects',
      { properties: { card: { type: 'object', properties: { number: {} } } } },
      { card: { number: '1', Number: '2' } },
      ['param.card.Number'],
    ],
    [
      'looks into objects whose schema says nothing',
      { properties: { card: {} } },
      { card: { number: 1 } },
      ['param.card.number'],
    ],
    [
      'takes a value without members whose schema says nothing',
      { properties: { a: true, b: {} } },
      { a: 1, b: [2, [3]] },
      [],
    ],
    [
      'looks into the elements of lists',
      { properties: { items: { items: { properties: { sku: {} } } } } },
      { items: [{ sku: 1 }, { sku: 1, qty: 2 }] },
      ['param.items[1].qty'],
    ],
    [
      'looks into lists whose items are not described',
      { properties: { items: {} } },
      { items: [[{ a: 1 }]] },
      ['param.items[0][0].a'],
    ],
    [
      'knows prefixItems, and items for the rest',
      { properties: { l: { prefixItems: [{ properties: { a: {} } }], items: { properties: { b: {} } } } } },
      {
        l: [
          { a: 1, b: 1 },
          { a: 1, b: 1 },
        ],
      },
      ['param.l[0].b', 'param.l[1].a'],
    ],
    [
      'knows the lists of older drafts',
      {
        properties: { l: { items: [{ properties: { a: {} } }], additionalItems: { properties: { b: {} } } } },
      },
      {
        l: [
          { a: 1, b: 1 },
          { a: 1, b: 1 },
        ],
      },
      ['param.l[0].b', 'param.l[1].a'],
    ],
    [
      'joins allOf, anyOf, oneOf, if, then, else and dependentSchemas',
      {
        allOf: [{ properties: { a: {} } }],
        anyOf: [{ properties: { b: {} } }],
        oneOf: [{ oneOf: [{ properties: { c: {} } }] }],
        if: { properties: { d: {} } },
        // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
        then: { properties: { e: {} } },
        else: { properties: { f: {} } },
        dependentSchemas: { a: { properties: { g: {} } } },
      },
      { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1 },
      ['param.h'],
    ],
    ['does not join not', { not: { properties: { a: {} } } }, { a: 1 }, ['param.a']],
    [
      'joins what the branches say of one property',
      {
        anyOf: [
          { properties: { o: { properties: { a: {} } } } },
          { properties: { o: { properties: { b: {} } } } },
        ],
      },
      { o: { a: 1, b: 1, c: 1 } },
      ['param.o.c'],
    ],
    [
      'follows a local $ref, with its siblings',
      { $ref: '#/$defs/a~1b', properties: { y: {} }, $defs: { 'a/b': { properties: { x: {} } } } },
      { x: 1, y: 1, z: 1 },
      ['param.z'],
    ],
    [
      'follows a $ref into a list, and one with percent signs',
      {
        anyOf: [{ properties: { x: {} } }],
        properties: { o: { $ref: '#/anyOf/0' }, p: { $ref: '#/$defs/a%20b' } },
        $defs: { 'a b': { properties: { q: {} } } },
      },
      { o: { x: 1, y: 1 }, p: { q: 1, r: 1 } },
      ['param.o.y', 'param.p.r'],
    ],
    [
      'follows a $ref to itself as deep as the params go',
      { properties: { child: { $ref: '#' }, n: {} } },
      { child: { child: { child: { n: 1, m: 1 } } } },
      ['param.child.child.child.m'],
    ],
    [
      'does not loop on a $ref that leads to itself',
      { $ref: '#', properties: { a: {} } },
      { a: 1, b: 1 },
      ['param.b'],
    ],
    [
      'follows no $ref that leaves the schema',
      { $ref: 'https://example.com/schema.json' },
      { a: 1 },
      ['param.a'],
    ],
    ['follows no $ref that leads nowhere', { $ref: '#/$defs/none/of/it' }, { a: 1 }, ['param.a']],
    [
      'follows no $ref to what every object inherits',
      { $ref: '#/constructor/prototype' },
      { a: 1 },
      ['param.a'],
    ],
    ['follows no $ref with broken percent signs', { $ref: '#/%' }, { a: 1 }, ['param.a']],
    [
      'follows no $dynamicRef and no anchor',
      { $dynamicRef: '#a', $ref: '#a', $defs: { x: { $anchor: 'a', properties: { a: {} } } } },
      { a: 1 },
      ['param.a'],
    ],
    [
      'stops after twenty',
      {},
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`p${i}`, i])),
      Array.from({ length: 20 }, (_, i) => `param.p${i}`),
    ],
  ])('%s', (_, schema, params, expected) => {
    expect(undeclaredProperties(schema, params)).toEqual(expected)
  })

  it('is done in time with a schema that refers to itself in many ways', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [
        `d${i}`,
        {
          anyOf: Array.from({ length: 50 }, (_, j) => ({ $ref: `#/$defs/d${j}` })),
          properties: { c: { $ref: `#/$defs/d${i}` } },
        },
      ]),
    )
    let deep: JsonObject = {}
    for (let i = 0; i < 60; i++) deep = { c: deep }
    // Too much to look through, so it is not vouched for.
    expect(undeclaredProperties({ $ref: '#/$defs/d0', $defs }, deep)).toHaveLength(1)
    const wide = { c: Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`c${i}`, {}])) }
    expect(undeclaredProperties({ $ref: '#/$defs/d0', $defs }, wide)).toHaveLength(20)
  })
  it('looks through large params of an ordinary schema to the end', () => {
    const line = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`p${i}`, { type: ['string', 'null'] }]),
    )
    const large = {
      lines: Array.from({ length: 900 }, () =>
        Object.fromEntries(Object.keys(line).map(name => [name, null])),
      ),
    }
    const described = {
      properties: { lines: { items: { allOf: [{ $ref: '#/$defs/line' }] } } },
      $defs: { line: { properties: line } },
    }
    expect(undeclaredProperties(described, large as JsonObject)).toEqual([])
    Object.assign(large.lines[899]!, { P19: 1 })
    expect(undeclaredProperties(described, large as JsonObject)).toEqual(['param.lines[899].P19'])
  })

  it.each(['^(a+)+$', '^(a|a)*$', 'a*a*a*a*b', '(a*)\\1*b', '^(?:a{1,99}){1,99}b'])(
    'does not try the pattern %s, which can take hours',
    pattern => {
      const schema = { patternProperties: { [pattern]: {} } }
      expect(undeclaredProperties(schema, { [`${'a'.repeat(100)}!`]: 1, aab: 1 })).toHaveLength(2)
    },
  )
  it('tries patterns with two repetitions at once over names of 128 characters, and none over longer ones', () => {
    const schema = { patternProperties: { '[a-z]*[a-z]*!': {} } }
    expect(undeclaredProperties(schema, { [`${'a'.repeat(127)}!`]: 1 })).toEqual([])
    expect(undeclaredProperties(schema, { [`${'a'.repeat(128)}!`]: 1 })).toHaveLength(1)
    expect(undeclaredProperties(schema, { ['a'.repeat(128)]: 1 })).toHaveLength(1)
  })
})

describe('undeclaredDetail', () => {
  it('names the property and the declared one that reads alike', () => {
    expect(undeclaredDetail(undeclared(amount, { amount: 1, Amount: 2, note: 3 }))).toBe(
      "The tool's schema does not declare param.Amount (declared is amount), param.note.",
    )
  })
  it('stays short', () => {
    const params = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}${'n'.repeat(1000)}`, i]))
    expect(undeclaredDetail(undeclared(amount, params)).length).toBeLessThan(600)
  })
})
