import type { JsonObject } from '../../crds/v1alpha1/common.ts'
import { canonicalize } from './canonical.ts'
import { stepText } from './conditions/syntax.ts'
import { cutText } from './json.ts'

/** Largest params, in bytes of the UTF-8 form of their RFC 8785 form. */
export const MAX_PARAMS_BYTES = 65_536
/** Deepest params: objects and lists inside each other, the params themselves counted. */
export const MAX_PARAMS_DEPTH = 64

/** The key that only the operator writes: `{"$redacted": "hmac-sha256:..."}` stands for a value in the shown view. */
export const REDACTED_KEY = '$redacted'

/** The size of good params in bytes of their RFC 8785 form, or what the model is told. */
export type ParamsCheck =
  | { readonly ok: true; readonly params: JsonObject; readonly bytes: number }
  | { readonly ok: false; readonly message: string }

/**
 * Whether params survive the API server, the digest and the review as they are. The message is for the model as a tool
 * error: it names the place and the remedy, never a value.
 */
export function checkParams(params: unknown): ParamsCheck {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return { ok: false, message: 'The parameters must be one JSON object.' }
  }
  const message = findFault(params, 'param', 1)
  if (message !== undefined) return { ok: false, message }
  const bytes = Buffer.byteLength(canonicalize(params), 'utf8')
  if (bytes > MAX_PARAMS_BYTES) {
    return {
      ok: false,
      message: `The parameters take ${bytes} bytes, more than the ${MAX_PARAMS_BYTES} allowed. Send less in one call.`,
    }
  }
  return { ok: true, params: params as JsonObject, bytes }
}

function findFault(value: unknown, path: string, depth: number): string | undefined {
  const place = cutText(path, 200)
  switch (typeof value) {
    case 'boolean':
      return undefined
    case 'string':
      return value.isWellFormed()
        ? undefined
        : `${place} holds half of a surrogate pair, which is no character. Send whole characters.`
    case 'number':
      if (!Number.isFinite(value)) return `${place} is not a finite number.`
      return Number.isInteger(value) && !Number.isSafeInteger(value)
        ? `${place} is an integer beyond 9007199254740991 (2^53-1), which loses digits on its way. Send it as a string if the tool takes one.`
        : undefined
    case 'object':
      break
    default:
      return `${place} is not a JSON value.`
  }
  if (value === null) return undefined
  if (depth > MAX_PARAMS_DEPTH)
    return `${place} is nested deeper than ${MAX_PARAMS_DEPTH} levels. Send a flatter value.`
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = findFault(value[i], path + stepText(i), depth + 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return `${place} is not a JSON value.`
  for (const [key, inner] of Object.entries(value)) {
    if (!key.isWellFormed())
      return `A name in ${place} holds half of a surrogate pair. Send whole characters.`
    if (key === '__proto__')
      return `${place} has a property named __proto__, which many programs misread. Leave it out.`
    if (key === REDACTED_KEY)
      return `${place} has a property named ${REDACTED_KEY}, which is reserved. Leave it out.`
    const fault = findFault(inner, path + stepText(key), depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}
