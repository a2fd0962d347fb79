import type { JsonObject, JsonValue } from '../../crds/v1alpha1/common.ts'
import { quoted, redactedDigest, withoutDigest } from '../../operator/policy/shown.ts'
import { visible } from '../../operator/policy/visible.ts'
import { clip } from './table.ts'

function short(value: JsonValue): string {
  const digest = redactedDigest(value)
  if (digest !== undefined) return withoutDigest(digest)
  // A word stands as it is; whatever could be taken for something else gets its quotes.
  if (typeof value === 'string')
    return /^[\w.@:/+-]+$/.test(value) && !/^(true|false|null|[-\d.]+)$/.test(value) ? value : quoted(value)
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
