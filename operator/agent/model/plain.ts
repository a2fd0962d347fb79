import type { JsonObject, JsonValue } from '../../../crds/v1alpha1/common.ts'

/** Deeper values are not kept: neither the API server nor the stack is made for them. */
const MAX_DEPTH = 200

/** Whether a value is a JSON object (not a list, not null). */
export function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Why a parsed JSON value cannot be passed on, if it cannot. */
export function unusable(value: unknown, depth = 0): 'TooDeep' | 'Prototype' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > MAX_DEPTH) return 'TooDeep'
  for (const [key, item] of Object.entries(value)) {
    // The ai package drops the whole input at these, so no call may carry them either.
    if (key === '__proto__') return 'Prototype'
    if (key === 'constructor' && isPlainObject(item) && Object.hasOwn(item, 'prototype')) return 'Prototype'
    const inner = unusable(item, depth + 1)
    if (inner !== undefined) return inner
  }
  return undefined
}

/**
 * A value as plain JSON that survives the API server: strings well formed, no `undefined`, nothing of the language.
 * @throws RangeError for one that is nested too deeply
 */
export function toPlainJSON(value: unknown, depth = 0): JsonValue {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deeply')
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
  const entries: [string, JsonValue][] = []
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || key === '__proto__') continue
    entries.push([key.toWellFormed(), toPlainJSON(item, depth + 1)])
  }
  return Object.fromEntries(entries)
}
