import type { JsonValue } from '../../../crds/v1alpha1/common.ts'

/** Deeper lists and objects are not compared: the answer is undefined. Params are at most 64 deep anyway. */
const MAX_DEPTH = 100

/**
 * `==`: the same type and the same value; lists and objects by their content, the order of an object's members not
 * counting. undefined: nested too deeply to say.
 */
export function equals(a: JsonValue, b: JsonValue, depth = 0): boolean | undefined {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (depth === MAX_DEPTH) return undefined
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) {
      const same = equals(a[i] as JsonValue, b[i] as JsonValue, depth + 1)
      if (same !== true) return same
    }
    return true
  }
  if (Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return false
    const same = equals(a[key] as JsonValue, b[key] as JsonValue, depth + 1)
    if (same !== true) return same
  }
  return true
}

/** Orders two texts by their Unicode code points, as Python does: negative, 0 or positive. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byCodePoint(x) - byCodePoint(y)
  }
  return a.length - b.length
}

/** UTF-16 units above the surrogates stand for smaller code points than a surrogate does. */
function byCodePoint(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/**
 * `left in right`: an element of a list (by `==`), a part of a text, the name of a property of an object. undefined:
 * these two cannot be asked.
 */
export function contains(left: JsonValue, right: JsonValue): boolean | undefined {
  if (Array.isArray(right)) {
    let unknown = false
    for (const item of right) {
      const same = equals(left, item)
      if (same === true) return true
      if (same === undefined) unknown = true
    }
    return unknown ? undefined : false
  }
  if (typeof left !== 'string') return undefined
  if (typeof right === 'string') return right.includes(left)
  return typeof right === 'object' && right !== null ? Object.hasOwn(right, left) : undefined
}
