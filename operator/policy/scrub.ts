import type { JsonValue } from '../../crds/v1alpha1/common.ts'

/** What stands where a hidden value stood in a text. */
export const SCRUBBED = '[redacted]'

/** Shorter values are left: "12" stands in too many innocent places, and hides nothing worth hiding. */
const SHORTEST = 4

/**
 * Replaces each occurrence of a hidden value in a text (a tool's result or error, the model's words) by `[redacted]`;
 * as it is, and as it reads inside JSON or a URL. For the shown views only: the tool and the model get the text itself.
 */
export function scrub(text: string, secrets: readonly (string | number)[]): string {
  let result = text
  for (const form of forms(secrets)) result = result.replaceAll(form, SCRUBBED)
  return result
}

/** As `scrub`, for every text, number and name in a JSON value. */
export function scrubJson(value: JsonValue, secrets: readonly (string | number)[]): JsonValue {
  const hidden = forms(secrets)
  const clean = (text: string): string => hidden.reduce((all, form) => all.replaceAll(form, SCRUBBED), text)
  const view = (inner: JsonValue): JsonValue => {
    if (typeof inner === 'string') return clean(inner)
    if (typeof inner === 'number') return hidden.some(form => String(inner).includes(form)) ? SCRUBBED : inner
    if (Array.isArray(inner)) return inner.map(view)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([name, item]) => [clean(name), view(item)]))
  }
  return hidden.length === 0 ? value : view(value)
}

/** Longest first, so that no part of a longer one is left standing beside the mark of a shorter one. */
function forms(secrets: readonly (string | number)[]): readonly string[] {
  const all = new Set<string>()
  for (const secret of secrets) {
    const text = String(secret)
    if (text.length < SHORTEST) continue
    all.add(text)
    all.add(JSON.stringify(text).slice(1, -1))
    if (text.isWellFormed()) all.add(encodeURIComponent(text))
  }
  return [...all].sort((a, b) => b.length - a.length)
}
