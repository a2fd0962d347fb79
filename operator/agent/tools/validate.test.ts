import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { validateParams } from './validate.ts'

const refund: JsonObject = {
  type: 'object',
  properties: {
    amount: { type: 'number', maximum: 5000 },
    email: { type: 'string', format: 'email' },
    kind: { enum: ['full', 'part'] },
    lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
  },
  required: ['amount'],
  additionalProperties: false,
}

describe('parameters', () => {
  it.each<[string, unknown]>([
    ['that fit', { amount: 5 }],
    ['that fit in all', { amount: 5, email: 'a@b.co', kind: 'full', lines: [{ sku: 'x' }] }],
  ])('%s pass', (_, params) => {
    expect(validateParams(refund, params)).toEqual({ ok: true })
  })

  it.each<[string, unknown, string]>([
    ['without one that is needed', {}, "param must have required property 'amount'"],
    ['of the wrong type', { amount: '5' }, 'param.amount must be number'],
    ['out of bounds', { amount: 9999 }, 'param.amount must be <= 5000'],
    ['of another case', { amount: 5, Amount: 1 }, 'param has a property that is not allowed: Amount'],
    ['of the wrong format', { amount: 5, email: 'hunter2' }, 'param.email must match format "email"'],
    ['not among those allowed', { amount: 5, kind: 'hunter2' }, 'param.kind must be one of ["full","part"]'],
    ['wrong deep inside', { amount: 5, lines: [{ sku: 1 }] }, 'param.lines.0.sku must be string'],
    ['that are no object', [1], 'param must be object'],
    ['that are nothing', undefined, 'param must be object'],
  ])('%s are refused, with place and rule and without the value', (_, params, says) => {
    const { message } = validateParams(refund, params) as { message: string }
    expect(message).toBe(`The arguments do not fit the tool's input schema: ${says}.`)
    expect(message).not.toContain('hunter2')
  })

  it('with many faults name five', () => {
    const schema = { type: 'object', required: Array.from({ length: 9 }, (_, i) => `p${i}`) }
    expect(validateParams(schema, {})).toMatchObject({ message: expect.stringMatching(/p4'; and 4 more\.$/) })
  })

  it('are never changed', () => {
    const params = { amount: 5 }
    validateParams({ type: 'object', properties: { amount: { type: 'string' }, x: { default: 1 } } }, params)
    expect(params).toEqual({ amount: 5 })
  })
})

describe('a schema', () => {
  it.each<[string, JsonObject]>([
    [
      'of 2020-12',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: { a: { prefixItems: [{ type: 'string' }] } },
      },
    ],
    [
      'without a dialect is of 2020-12',
      { type: 'object', properties: { a: { prefixItems: [{ type: 'string' }] } } },
    ],
    [
      'of 2019-09',
      {
        $schema: 'https://json-schema.org/draft/2019-09/schema',
        type: 'object',
        properties: { a: { items: [{ type: 'string' }] } },
      },
    ],
    [
      'of draft 7',
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: { a: { items: [{ type: 'string' }] } },
      },
    ],
    [
      'of draft 6',
      {
        $schema: 'http://json-schema.org/draft-06/schema#',
        type: 'object',
        properties: { a: { items: [{ type: 'string' }] } },
      },
    ],
    [
      'with definitions',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { items: { type: 'string' } } },
      },
    ],
    [
      'with an id that another has too',
      { $id: 'https://x.test/s', type: 'object', properties: { a: { items: { type: 'string' } } } },
    ],
    [
      'with the same id',
      { $id: 'https://x.test/s', type: 'object', properties: { a: { items: { type: 'string' } }, b: {} } },
    ],
    [
      'with words that nobody knows',
      { type: 'object', 'x-mine': 1, properties: { a: { items: { type: 'string', format: 'colour' } } } },
    ],
  ])('%s is understood', (_, schema) => {
    expect(validateParams(schema, { a: ['x'] })).toEqual({ ok: true })
    expect(validateParams(schema, { a: [1] })).toMatchObject({
      message: expect.stringContaining('param.a.0'),
    })
  })

  it.each<[string, JsonObject]>([
    ['of another type', { type: 'objekt' }],
    ['with a bad pattern', { type: 'object', properties: { a: { type: 'string', pattern: '(' } } }],
    ['that leads elsewhere', { $ref: 'https://x.test/other' }],
    ['of a dialect that is too old', { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object' }],
    ['that is asynchronous', { $async: true, type: 'object' }],
  ])('%s lets nothing through and says that it is the schema', (_, schema) => {
    for (let twice = 0; twice < 2; twice++) {
      expect(validateParams(schema, {})).toMatchObject({
        ok: false,
        message: expect.stringMatching(/^The tool's own input schema is wrong, so it cannot be called: ./),
      })
    }
  })
})

it('a pattern that would never be done is given up, and the next check is none the worse', () => {
  const schema: JsonObject = { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } }
  expect(validateParams(schema, { a: `${'a'.repeat(50)}!` })).toMatchObject({
    ok: false,
    message: expect.stringContaining('takes too long'),
  })
  expect(validateParams(schema, { a: 'aaa' })).toEqual({ ok: true })
})
