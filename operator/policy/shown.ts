import type { JsonValue } from '../../crds/v1alpha1/common.ts'
import { REDACTED_KEY } from './params.ts'
import { visible } from './visible.ts'

/** The digest of a value that `approval.redact` hides, or undefined for a value that is shown. */
export function redactedDigest(value: JsonValue): string | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const digest = value[REDACTED_KEY]
  return Object.keys(value).length === 1 && typeof digest === 'string' ? digest : undefined
}

/** How a redacted value is shown: with its digest, or, where nobody compares digests, without. */
export type Redacted = (digest: string) => string
export const withDigest: Redacted = digest => `(redacted, ${visible(digest)})`
export const withoutDigest: Redacted = () => '(redacted)'

/**
 * All of a call's parameters as JSON over several lines, `indent` before each. Characters that could deceive are
 * escapes; a redacted value stands outside quotes, where no string that an agent chose can stand.
 */
export function prettyParams(value: JsonValue, indent = '', redacted = withDigest): string {
  const digest = redactedDigest(value)
  if (digest !== undefined) return redacted(digest)
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  const entries = Array.isArray(value)
    ? value.map(item => `${inner}${prettyParams(item, inner, redacted)}`)
    : Object.entries(value).map(
        ([key, item]) => `${inner}${quoted(key)}: ${prettyParams(item, inner, redacted)}`,
      )
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return entries.length === 0 ? `${open}${close}` : `${open}\n${entries.join(',\n')}\n${indent}${close}`
}

/** A string as JSON writes it, with nothing in it that could deceive. */
export const quoted = (value: string): string => visible(JSON.stringify(value))
