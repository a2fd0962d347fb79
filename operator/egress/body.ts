/** A body was larger than its bound. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
  readonly limit: number
  constructor(limit: number) {
    super(`the answer is larger than ${limit} bytes`)
    this.limit = limit
  }
}

/** What a result may have, in bytes of UTF-8, its mark included. */
export const MAX_RESULT_BYTES = 65_536

const encoder = new TextEncoder()

/**
 * A text of at most `limit` bytes of UTF-8: the beginning and, if it was cut (or `more` says that it had been), a mark
 * that says so. Well formed.
 */
export function cutBytes(text: string, limit = MAX_RESULT_BYTES, more = false): string {
  const whole = text.toWellFormed()
  // Three bytes is the most that one UTF-16 unit takes.
  if (!more && (whole.length * 3 <= limit || Buffer.byteLength(whole) <= limit)) return whole
  const mark = `\n[cut here: the answer was longer than ${limit} bytes]`
  const room = new Uint8Array(Math.max(0, limit - Buffer.byteLength(mark)))
  const { read } = encoder.encodeInto(whole, room)
  return whole.slice(0, read) + mark
}

/** The same response, whose body fails with `BodyTooLarge` after `limit` bytes (decompressed). */
export function limitBody(
  response: Response,
  limit: number,
  onTooLarge: (error: BodyTooLarge) => void = () => {},
): Response {
  const { body } = response
  if (body === null) return response
  let seen = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += chunk.byteLength
      if (seen <= limit) return controller.enqueue(chunk)
      const error = new BodyTooLarge(limit)
      onTooLarge(error)
      controller.error(error)
    },
  })
  return new Response(body.pipeThrough(counter), {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
  })
}

export type BodyText =
  | { readonly ok: true; readonly text: string; readonly cut: boolean }
  | { readonly ok: false; readonly bytes: number }

/** The first `limit` bytes of a body as text; the rest is not read. `ok: false` when they are not UTF-8. */
export async function readText(response: Response, limit = MAX_RESULT_BYTES): Promise<BodyText> {
  const reader = response.body?.getReader()
  if (reader === undefined) return { ok: true, text: '', cut: false }
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    while (bytes <= limit) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      bytes += value.byteLength
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
  const cut = bytes > limit
  const kept = Buffer.concat(chunks).subarray(0, limit)
  try {
    // `stream` keeps a character that the cut went through from being an error.
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(kept, { stream: cut }), cut }
  } catch {
    return { ok: false, bytes: kept.byteLength }
  }
}
