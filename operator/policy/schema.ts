import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import { stepText } from './conditions/syntax.ts'
import { cutText, isObject } from './json.ts'

/** A property of a call's parameters that the tool's schema does not declare. */
export interface Undeclared {
  /** Where, in the words of a condition: `param.Amount`. */
  readonly path: string
  /** A declared property of the same object that reads the same but for case, dashes and underscores. */
  readonly near?: string
}

/** More are not listed: one is enough to stop a call. */
const MOST = 20
/** Subschemas looked at over all of a call's properties; a tool's real schema takes a few thousand. */
const MOST_WORK = 500_000
/** Longer names are matched by no pattern. */
const LONGEST_NAME = 128

/**
 * The properties, at any depth, that a tool's JSON Schema does not declare. A condition reads the names that its author
 * knows from the schema; a tool may read more (`Amount` beside `amount`), and a call that carries such a one must not
 * pass a conditional gate unseen.
 *
 * Declared is what `properties`, `patternProperties` or an `additionalProperties` that says something of its values
 * name, in the schema itself or in its allOf, anyOf, oneOf, if/then/else, dependentSchemas or local $ref. A schema that
 * merely allows everything (`{type: object}`, `additionalProperties: true`, `{}`) declares nothing. A keyword that is
 * not understood declares nothing: when in doubt, a property is undeclared. So it is where the schema is so entangled
 * that the looking takes too long.
 */
export function undeclared(schema: unknown, params: JsonObject): readonly Undeclared[] {
  const found: Undeclared[] = []
  const root = schema
  let work = 0
  const expansions = new Map<JsonObject, readonly JsonObject[]>()
  const expand = (schemas: readonly unknown[]): readonly JsonObject[] => {
    const all = new Set<JsonObject>()
    for (const each of schemas) {
      if (!isObject(each)) continue
      let parts = expansions.get(each)
      if (parts === undefined) {
        parts = applicable(each, root)
        expansions.set(each, parts)
      }
      work += parts.length
      if (work > MOST_WORK) return []
      for (const part of parts) all.add(part)
    }
    return [...all]
  }

  const visit = (value: JsonObject | JsonValue[], schemas: readonly JsonObject[], path: string): void => {
    if (found.length === MOST) return
    if (Array.isArray(value)) {
      value.forEach((item, i) => {
        if (typeof item === 'object' && item !== null) {
          visit(item, expand(schemas.flatMap(each => elementSchemas(each, i))), path + stepText(i))
        }
      })
      return
    }
    let spellings: ReadonlyMap<string, string> | undefined
    for (const [name, item] of Object.entries(value)) {
      if (found.length === MOST) return
      work += schemas.length
      const inner = schemas.flatMap(each => propertySchemas(each, name))
      let near: string | undefined
      if (!schemas.some(each => isObject(each.properties) && Object.hasOwn(each.properties, name))) {
        spellings ??= spellingsOf(schemas)
        near = spellings.get(spelling(name))
      }
      if (inner.length === 0 || near !== undefined) {
        found.push({ path: path + stepText(cutText(name, 64)), ...(near === undefined ? {} : { near }) })
      } else if (typeof item === 'object' && item !== null) visit(item, expand(inner), path + stepText(name))
    }
  }
  visit(params, expand([schema]), 'param')
  return found
}

/** The paths of `undeclared`. */
export function undeclaredProperties(schema: unknown, params: JsonObject): string[] {
  return undeclared(schema, params).map(({ path }) => path)
}

/** One sentence on `undeclared` properties, for the reviewer. */
export function undeclaredDetail(list: readonly Undeclared[]): string {
  const named = list
    .slice(0, 5)
    .map(({ path, near }) => (near === undefined ? path : `${path} (declared is ${cutText(near, 64)})`))
  const more = list.length > named.length ? ' and others' : ''
  return `The tool's schema does not declare ${named.join(', ')}${more}.`
}

/** The declared names by how they read. */
function spellingsOf(schemas: readonly JsonObject[]): ReadonlyMap<string, string> {
  const names = schemas.flatMap(each => (isObject(each.properties) ? Object.keys(each.properties) : []))
  return new Map(names.map(name => [spelling(name), name]))
}

/** Case, separators and width of letters do not make another name to a person who reads quickly. */
function spelling(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** The schema and all that apply to the same value through it. */
function applicable(schema: JsonObject, root: unknown): readonly JsonObject[] {
  const seen = new Set<JsonObject>()
  const waiting: unknown[] = [schema]
  while (waiting.length > 0) {
    const each = waiting.pop()
    if (!isObject(each) || seen.has(each)) continue
    seen.add(each)
    for (const key of ['allOf', 'anyOf', 'oneOf']) {
      const list = each[key]
      if (Array.isArray(list)) waiting.push(...list)
    }
    waiting.push(each.if, each.then, each.else)
    if (isObject(each.dependentSchemas)) waiting.push(...Object.values(each.dependentSchemas))
    if (typeof each.$ref === 'string') waiting.push(resolve(each.$ref, root))
  }
  return [...seen]
}

/** A `$ref` into the same document by JSON pointer; anything else is not followed, and so declares nothing. */
function resolve(ref: string, root: unknown): unknown {
  if (ref === '#') return root
  if (!ref.startsWith('#/')) return undefined
  let value: unknown = root
  for (const part of ref.slice(2).split('/')) {
    let name: string
    try {
      name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    } catch {
      return undefined
    }
    if (Array.isArray(value)) value = /^(0|[1-9][0-9]*)$/.test(name) ? value[Number(name)] : undefined
    else value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

/** What one schema says of a property by that name; nothing: it does not declare it. */
function propertySchemas(schema: JsonObject, name: string): readonly unknown[] {
  const found: unknown[] = []
  const { properties, patternProperties } = schema
  if (isObject(properties) && Object.hasOwn(properties, name) && properties[name] !== false) {
    found.push(properties[name])
  }
  if (isObject(patternProperties) && name.length <= LONGEST_NAME) {
    for (const [pattern, inner] of Object.entries(patternProperties)) {
      if (inner !== false && matches(pattern, name)) found.push(inner)
    }
  }
  if (found.length > 0) return found
  const rest = [schema.additionalProperties, schema.unevaluatedProperties]
  return rest.filter(each => isObject(each) && Object.keys(each).length > 0)
}

/**
 * Whether a pattern matches a name. Only patterns that take little time over any name are tried, as the name comes
 * from the model: no repeated groups, no references back, at most two repetitions. Others match nothing.
 */
function matches(pattern: string, name: string): boolean {
  const repetitions = pattern.match(/[*+{]/g) ?? []
  if (/\)[*+?{]|\\[1-9k]/.test(pattern) || repetitions.length > 2) return false
  try {
    return new RegExp(pattern, 'u').test(name)
  } catch {
    return false
  }
}

function elementSchemas(schema: JsonObject, index: number): readonly unknown[] {
  const { items, prefixItems, additionalItems, unevaluatedItems } = schema
  // Drafts before 2020-12 write the list of the first elements under `items`.
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  if (index < first.length) return [first[index]]
  return [Array.isArray(items) ? additionalItems : items, unevaluatedItems]
}
