/** Bytes that a text takes in a JSON string. */
export const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2

/**
 * A text that takes at most `limit` bytes in a JSON string, with a mark where it was cut. The marks say where all of it
 * is. Well formed: it is cut between characters.
 */
export function cutBytes(
  text: string,
  limit: number,
  mark = '… (cut here: the page shows all of it)',
): string {
  const whole = text.toWellFormed()
  if (whole.length * 6 <= limit || jsonBytes(whole) <= limit) return whole
  const room = limit - jsonBytes(mark)
  let taken = 0
  let end = 0
  for (const character of whole) {
    taken += jsonBytes(character)
    if (taken > room) break
    end += character.length
  }
  return whole.slice(0, end) + mark
}
