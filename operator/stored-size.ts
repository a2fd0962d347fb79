/**
 * Bytes that a JSON value takes where the API server keeps it. It writes `<`, `>`, `&` and two line separators as six
 * bytes each, so a page of HTML is larger there than here. What it keeps for one object must stay under 1.5 MiB.
 */
export const storedBytes = (value: unknown): number => {
  const json = JSON.stringify(value)
  let bytes = Buffer.byteLength(json)
  for (const { 0: found } of json.matchAll(/[<>&\u2028\u2029]/g)) bytes += 6 - Buffer.byteLength(found)
  return bytes
}

/** The longest beginning of a text that takes at most `limit` stored bytes, a mark with its real size included. */
export const cutToStored = (text: string, limit: number): string => {
  if (storedBytes(text) - 2 <= limit) return text
  const mark = `\n[cut: ${Buffer.byteLength(text)} bytes]`
  // Quotes around a JSON text are not counted; two bytes more do no harm.
  const room = limit - storedBytes(mark)
  let low = 0
  let high = Math.min(text.length, Math.max(0, room))
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (storedBytes(text.slice(0, middle)) <= room) low = middle
    else high = middle - 1
  }
  const last = text.charCodeAt(low - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? low - 1 : low) + mark
}
