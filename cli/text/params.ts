import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import { clip } from './table.ts'
import { visible } from './visible.ts'

const REDACTED = '$redacted'

/** The digest of a value that `approval.redact` hides, or undefined for a value that is shown. */
function redacted(value: JsonValue): string | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const digest = value[REDACTED]
  return Object.keys(value).length === 1 && typeof digest === 'string' ? digest : undefined
}

const text = (value: string): string => visible(JSON.stringify(value))

/**
 * All of a call's parameters as JSON over several lines, `indent` before each. Characters that could deceive are
 * escapes; a redacted value stands outside quotes, where no string that an agent chose can stand.
 */
export function prettyParams(value: JsonValue, indent = ''): string {
  const digest = redacted(value)
  if (digest !== undefined) return `(redacted, ${visible(digest)})`
  if (typeof value === 'string') return text(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  const entries = Array.isArray(value)
    ? value.map(item => `${inner}${prettyParams(item, inner)}`)
    : Object.entries(value).map(([key, item]) => `${inner}${text(key)}: ${prettyParams(item, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return entries.length === 0 ? `${open}${close}` : `${open}\n${entries.join(',\n')}\n${indent}${close}`
}

function short(value: JsonValue): string {
  const digest = redacted(value)
  if (digest !== undefined) return '(redacted)'
  // A word stands as it is; whatever could be taken for something else gets its quotes.
  if (typeof value === 'string')
    return /^[\w.@:/+-]+$/.test(value) && !/^(true|false|null|[-\d.]+)$/.test(value) ? value : text(value)
  return visible(JSON.stringify(value))
}

/** The parameters on one line (`amount=2400 order_id=ORD-1287`), cut at `width` characters with an ellipsis. */
export const shortParams = (params: JsonObject, width: number): string =>
  clip(
    Object.entries(params)
      .map(([key, value]) => `${visible(key)}=${short(value)}`)
      .join(' '),
    width,
  )
