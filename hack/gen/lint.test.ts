import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { kinds } from '../../crds/v1alpha1/kinds.ts'
import { lint, problems } from './lint.ts'
import { structural } from './structural.ts'

const described = <T extends z.ZodType>(schema: T): T => schema.describe('What it is.')
const linted = (field: z.ZodType, name = 'field') =>
  lint(structural(z.object({ [name]: described(field) })), 'Kind.spec')

describe('the linter', () => {
  it('finds nothing in the kinds as they are', () => {
    expect(problems(kinds)).toEqual([])
  })

  it.each<[string, z.ZodType, string]>([
    ['a union', z.union([z.string().max(1), z.int().min(0)]), 'anyOf has no place in a structural schema'],
    ['a discriminated union', z.discriminatedUnion('a', [z.object({ a: z.literal('x') })]), 'has no place'],
    ['a value of any type', z.unknown(), 'has no type'],
    ['any JSON without its marker', z.json(), 'has no place in a structural schema'],
    ['a closed object', z.strictObject({}), 'additionalProperties: false is illegal'],
    [
      'an open object',
      z.looseObject({ a: described(z.boolean()) }),
      'has both properties and additionalProperties',
    ],
    ['a string of two patterns', z.string().max(1).regex(/^a$/).regex(/^a$/), 'allOf has no place'],
    ['a map without a bound', z.record(z.string(), z.string().max(1)), 'a map without maxProperties'],
    ['a list without a bound', z.array(z.boolean()), 'a list without maxItems'],
    ['a string without a bound', z.string(), 'a string without maxLength'],
    [
      'a string without a bound in a list',
      z.array(z.string()).max(1),
      'Kind.spec.field[]: a string without maxLength',
    ],
    ['a number without a bound', z.number(), 'a number without minimum'],
    [
      'a pattern that looks ahead',
      z
        .string()
        .max(1)
        .regex(/^(?=a)a$/),
      'its pattern looks around',
    ],
    [
      'a pattern that looks behind',
      z
        .string()
        .max(1)
        .regex(/^(?<!a)a$/),
      'its pattern looks around',
    ],
    [
      'a pattern that refers back',
      z
        .string()
        .max(1)
        .regex(/^(a)\1$/),
      'its pattern refers back',
    ],
    ['a pattern that matches in the middle', z.string().max(1).regex(/a/), 'its pattern is not anchored'],
    ['a format that is not one of the API server', z.email().max(1), 'does not know the format email'],
    [
      'a default of another type',
      z
        .int()
        .min(0)
        .default('x' as never),
      'its default is of type string, not integer',
    ],
    [
      'a default that lacks what is required',
      z.object({ a: described(z.boolean()) }).default({} as never),
      'its default lacks the required field a',
    ],
    [
      'a rule without a message',
      z.object({}).meta({ 'x-kubernetes-validations': [{ rule: 'true', message: '' }] }),
      'needs a message',
    ],
    [
      'a rule with a reason that hides its message',
      z.object({}).meta({
        'x-kubernetes-validations': [{ rule: 'true', message: 'm', reason: 'FieldValueDuplicate' }],
      }),
      'no rule may give the reason FieldValueDuplicate',
    ],
  ])('refuses %s', (_, field, problem) => {
    expect(linted(field).join('\n')).toContain(problem)
  })

  it('refuses a field without a description', () => {
    expect(lint(structural(z.object({ a: z.boolean() })), 'K.spec')).toEqual(['K.spec.a: has no description'])
  })

  it('refuses a description that is no sentence', () => {
    const schema = z.object({ a: z.boolean().describe('what it is') })
    expect(lint(structural(schema), 'K.spec')).toEqual(['K.spec.a: its description is no sentence'])
  })

  it.each(['on', 'off', 'y', 'n', 'yes', 'No', 'true'])(
    'refuses the field name %s, a boolean of YAML 1.1',
    name => {
      expect(linted(z.boolean(), name).join('\n')).toContain('YAML 1.1 reads this name as a boolean')
    },
  )

  it('refuses a field name that is not camelCase', () => {
    expect(linted(z.boolean(), 'max_turns')).toEqual(['Kind.spec.max_turns: is not camelCase'])
  })
})
