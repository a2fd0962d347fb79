import type { Rule } from '../../crds/v1alpha1/cel.ts'
import { type Kind, kinds } from '../../crds/v1alpha1/kinds.ts'
import { rootSchema } from './crd.ts'
import type { Schema } from './structural.ts'

/**
 * What the API server would refuse in a schema, and what it would take but should not be there: fields without a
 * description, strings, lists and maps without a bound. One line each, with the kind and the path of the field.
 */
export const problems = (all: readonly Kind[] = kinds): readonly string[] =>
  all.flatMap(kind => lint(rootSchema(kind), kind.resource.kind))

/** As `problems`, of one schema; `path` is what its lines begin with. */
export function lint(schema: Schema, path: string): readonly string[] {
  return [
    ...unknownKeywords(schema),
    ...typing(schema),
    ...describing(schema),
    ...bounds(schema),
    ...pattern(schema),
    ...ruling(schema),
    ...defaulting(schema),
  ]
    .map(problem => `${path}: ${problem}`)
    .concat(children(schema, path))
}

function children(schema: Schema, path: string): readonly string[] {
  const { properties = {}, items, additionalProperties } = schema
  // The API server describes and checks these three itself; a schema may only bound the name.
  const own = new Set(path.includes('.') ? [] : ['apiVersion', 'kind', 'metadata'])
  return [
    ...Object.entries(properties)
      .filter(([name]) => !own.has(name))
      .flatMap(([name, child]) => [
        ...naming(name).map(problem => `${path}.${name}: ${problem}`),
        ...(child.description ? [] : [`${path}.${name}: has no description`]),
        ...lint(child, `${path}.${name}`),
      ]),
    ...(items ? lint(items, `${path}[]`) : []),
    ...(typeof additionalProperties === 'object' ? lint(additionalProperties, `${path}{}`) : []),
  ]
}

const KEYWORDS = new Set([
  ...['type', 'format', 'description', 'default', 'enum', 'nullable'],
  ...['minLength', 'maxLength', 'pattern', 'minimum', 'maximum'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties'],
  ...['properties', 'required', 'additionalProperties', 'items'],
  ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
  ...['x-kubernetes-map-type', 'x-kubernetes-validations'],
])

/** `anyOf`, `oneOf`, `allOf`, `not` and `$ref` among them: legal in places, but never what zod makes of a union. */
const unknownKeywords = (schema: Schema): string[] =>
  Object.keys(schema)
    .filter(keyword => !KEYWORDS.has(keyword))
    .map(keyword => `${keyword} has no place in a structural schema`)

const FORMATS = new Set(['date-time'])

function typing(schema: Schema): string[] {
  const { type, format, properties, additionalProperties, items } = schema
  const found: string[] = []
  if (type === undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true) found.push('has no type')
  if (additionalProperties === false)
    found.push('additionalProperties: false is illegal; unknown fields are pruned')
  if (additionalProperties === true) found.push('additionalProperties: true keeps anything; use jsonObject')
  if (properties && additionalProperties !== undefined)
    found.push('has both properties and additionalProperties')
  if (type === 'array' && !items) found.push('is a list without items')
  if (format !== undefined && !FORMATS.has(format))
    found.push(`the API server does not know the format ${format}`)
  return found
}

function describing(schema: Schema): string[] {
  const { description } = schema
  return description !== undefined && !/[.?!:]$/.test(description) ? ['its description is no sentence'] : []
}

function bounds(schema: Schema): string[] {
  const { type, maxLength, enum: values, maxItems, additionalProperties, maxProperties, minimum } = schema
  const found: string[] = []
  if (type === 'string' && values === undefined && maxLength === undefined)
    found.push('a string without maxLength')
  if (type === 'array' && maxItems === undefined) found.push('a list without maxItems')
  if (additionalProperties && maxProperties === undefined) found.push('a map without maxProperties')
  if ((type === 'integer' || type === 'number') && minimum === undefined)
    found.push('a number without minimum')
  return found
}

/** The API server compiles patterns with RE2. */
function pattern({ pattern: source }: Schema): string[] {
  if (source === undefined) return []
  const found: string[] = []
  if (/\(\?[=!]|\(\?<[=!]/.test(source)) found.push('its pattern looks around, which RE2 cannot')
  if (/\\[1-9]|\\k</.test(source)) found.push('its pattern refers back, which RE2 cannot')
  if (/\\u|\\c[A-Z]|\(\?<[A-Za-z]/.test(source)) found.push('its pattern is of a form that RE2 does not know')
  if (!source.startsWith('^') || !source.endsWith('$')) found.push('its pattern is not anchored')
  return found
}

const YAML_BOOLEAN = /^(y|yes|n|no|on|off|true|false)$/i

function naming(name: string): string[] {
  const found: string[] = []
  if (YAML_BOOLEAN.test(name)) found.push('YAML 1.1 reads this name as a boolean')
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) found.push('is not camelCase')
  return found
}

/** All that CRD rules know but FieldValueDuplicate, with which the API server does not send the message. */
const REASONS: ReadonlySet<string> = new Set([
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
])

function ruling(schema: Schema): string[] {
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly Rule[]
  return rules.flatMap(({ rule, message, reason }) => [
    ...(message.trim() === '' || message.includes('\n')
      ? [`the rule ${rule} needs a message of one line`]
      : []),
    ...(rule.length > 1000 ? [`the rule ${rule.slice(0, 40)}... is too long to be read`] : []),
    ...(reason !== undefined && !REASONS.has(reason) ? [`no rule may give the reason ${reason}`] : []),
  ])
}

/** A default that the schema itself would refuse makes every object without the field invalid. */
function defaulting(schema: Schema): string[] {
  const { default: value, type, required = [] } = schema
  if (value === undefined) return []
  const actual = Array.isArray(value) ? 'array' : typeof value
  const expected = type === 'integer' ? 'number' : type
  if (expected !== undefined && actual !== expected) return [`its default is of type ${actual}, not ${type}`]
  if (type !== 'object') return []
  return required
    .filter(name => !(name in (value as object)))
    .map(name => `its default lacks the required field ${name}`)
}
