import type { JsonValue } from '../../crds/v1alpha1/common.ts'

/** What stands where a hidden value stood in a text. */
export const SCRUBBED = '[redacted]'

/** Shorter values are left: "12" stands in too many innocent places, and hides nothing worth hiding. */
const SHORTEST = 3

/** From this length on a value is taken out of longer words too. The code of a card only where it stands alone: not in "51234". */
const ANYWHERE = 4

/**
 * Replaces each occurrence of a hidden value in a text (a tool's result or error, the model's words) by `[redacted]`;
 * as it is, and as it reads inside JSON or a URL. For the shown views only: the tool and the model get the text itself.
 */
export function scrub(text: string, secrets: readonly (string | number)[]): string {
  return cleaner(secrets)?.(text) ?? text
}

/** As `scrub`, for every text, number and name in a JSON value. */
export function scrubJson(value: JsonValue, secrets: readonly (string | number)[]): JsonValue {
  const clean = cleaner(secrets)
  if (clean === undefined) return value
  const view = (inner: JsonValue): JsonValue => {
    if (typeof inner === 'string') return clean(inner)
    if (typeof inner === 'number') return clean(String(inner)) === String(inner) ? inner : SCRUBBED
    if (Array.isArray(inner)) return inner.map(view)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([name, item]) => [clean(name), view(item)]))
  }
  return view(value)
}

/** What takes the secrets out of a text; undefined where there is nothing to take out. */
function cleaner(secrets: readonly (string | number)[]): ((text: string) => string) | undefined {
  const hidden = forms(secrets).map(form =>
    form.length < ANYWHERE ? new RegExp(`(?<![\\p{L}\\p{N}])${escaped(form)}(?![\\p{L}\\p{N}])`, 'gu') : form,
  )
  if (hidden.length === 0) return undefined
  return text => hidden.reduce<string>((all, form) => all.replaceAll(form, SCRUBBED), text)
}

/** A text as a regular expression that matches it. */
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

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
