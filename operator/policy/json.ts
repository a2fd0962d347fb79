import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'

/** Whether a JSON value is an object (not a list, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The kind of a JSON value with its article, for messages: "a number", "an object", "null". */
export function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** What stands at the end of a value or text that was cut. */
export const CUT = '…'

/** Cuts a text to at most `limit` UTF-16 units, the mark included, never through a surrogate pair. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  let end = limit - CUT.length
  const last = text.charCodeAt(end - 1)
  if (last >= 0xd800 && last <= 0xdbff) end--
  return text.slice(0, end) + CUT
}

/**
 * A value as people are shown it: itself if its JSON has at most `limit` characters, otherwise the beginning of its
 * JSON (of a text: the text) as a string that ends with `…`. Reads no more of a large or deep value than it shows.
 */
export function preview(value: JsonValue, limit = 256): JsonValue {
  switch (typeof value) {
    case 'string':
      return value.length + 2 <= limit ? value : cutText(value, limit)
    case 'object': {
      if (value === null) return null
      const text = writeUpTo(value, limit + 1)
      return text.length <= limit ? value : cutText(text, limit)
    }
    default:
      return value
  }
}

/** The JSON of a value, given up once it has more than `limit` characters; so depth never costs stack. */
function writeUpTo(value: JsonValue, limit: number): string {
  if (typeof value === 'string') return JSON.stringify(value.length > limit ? cutText(value, limit) : value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value) {
      text += text === '' ? '[' : ','
      if (text.length > limit) return text
      text += writeUpTo(item, limit - text.length)
    }
    return text === '' ? '[]' : `${text}]`
  }
  for (const key of Object.keys(value)) {
    text += `${text === '' ? '{' : ','}${writeUpTo(key, limit)}:`
    if (text.length > limit) return text
    text += writeUpTo(value[key] as JsonValue, limit - text.length)
  }
  return text === '' ? '{}' : `${text}}`
}
