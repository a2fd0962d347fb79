import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'

/** Deeper values are not kept: neither the API server nor the stack is made for them. */
const MAX_DEPTH = 200

/** The value was nested too deeply. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep'
}

/**
 * A value as plain JSON that survives the API server: strings well formed, no `undefined`, no functions, no prototype
 * but Object's.
 * @throws TooDeep
 */
export function toPlainJSON(value: unknown, depth = 0): JsonValue {
  if (depth > MAX_DEPTH) throw new TooDeep('nested too deeply')
  switch (typeof value) {
    case 'string':
      return value.toWellFormed()
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'object':
      break
    default:
      return null
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map(item => toPlainJSON(item, depth + 1))
  if (value instanceof Date) return value.toISOString()
  const entries: [string, JsonValue][] = []
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || key === '__proto__') continue
    entries.push([key.toWellFormed(), toPlainJSON(item, depth + 1)])
  }
  return Object.fromEntries(entries)
}

/** Whether a value is a JSON object (not a list, not null). */
export function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
