import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { scrub } from '../../policy/scrub.ts'
import type { Scope } from './scope.ts'

/** Bytes of params that a step of the trace holds; the request and the transcript hold all of them. */
const MAX_PARAMS_BYTES = 4096
/** Bytes of a text or result that a step holds. */
const MAX_TEXT = 1024

/** Params for the trace: as shown, or their beginning where they are long. */
export const shownParams = (shown: JsonObject): JsonObject => {
  const json = JSON.stringify(shown)
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_PARAMS_BYTES) return shown
  return {
    $cut: beginning(Buffer.from(json), MAX_PARAMS_BYTES - 256),
    $bytes: bytes,
  }
}

/** A text for the trace: hidden values taken out, cut at 1 KiB. */
export const shownText = (scope: Scope, text: string, limit = MAX_TEXT): string => {
  const clean = scrub(text.toWellFormed(), [...scope.memory.secrets])
  const bytes = Buffer.from(clean)
  if (bytes.length <= limit) return clean
  const mark = ` … (cut; ${bytes.length} bytes)`
  return beginning(bytes, limit - Buffer.byteLength(mark)) + mark
}

/** The first bytes of a text, without the half of a character that they may end in. */
const beginning = (text: Buffer, bytes: number): string =>
  text
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
