/** Stands where a text was cut. */
export const CUT_HERE = '… (cut here: the page shows all of it)'

/** Bytes that a text takes in a JSON string. */
export const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2

/** A text that takes at most `limit` bytes in a JSON string. It is cut between characters, so that it stays well formed. */
export function cutBytes(text: string, limit: number): string {
  const whole = text.toWellFormed()
  if (whole.length * 6 <= limit || jsonBytes(whole) <= limit) return whole
  const room = limit - jsonBytes(CUT_HERE)
  let taken = 0
  let end = 0
  for (const character of whole) {
    taken += jsonBytes(character)
    if (taken > room) break
    end += character.length
  }
  return whole.slice(0, end) + CUT_HERE
}
