import { createHash } from 'node:crypto'
import rfc8785 from 'canonicalize'

/**
 * The RFC 8785 form of a JSON value: members sorted by UTF-16 units, numbers as ECMAScript writes them, no spaces.
 * Members that are undefined are left out. Throws a TypeError, which holds no part of the value, for what JSON cannot
 * hold: lone surrogates, numbers that are not finite, circles, functions.
 */
export function canonicalize(value: unknown): string {
  let text: string | undefined
  try {
    text = rfc8785(value)
  } catch (error) {
    throw new TypeError(`no RFC 8785 form: ${error instanceof Error ? error.message : 'not JSON'}`)
  }
  if (text === undefined) throw new TypeError('no RFC 8785 form: not JSON')
  return text
}

/** As `canonicalize`, for values from outside: the message instead of a throw. */
export function tryCanonicalize(
  value: unknown,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, text: canonicalize(value) }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { ok: false, message: error.message }
  }
}

/** SHA-256 of the UTF-8 form of a text, 64 hex digits. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** `sha256:<hex>` over the RFC 8785 form of a value. Throws as `canonicalize`. */
export function digest(value: unknown): string {
  return `sha256:${sha256Hex(canonicalize(value))}`
}
