import { invalid } from '../problems/problem.ts'

/**
 * Where an item stands in a list that is sorted newest first; compared part by part. Parts are times (RFC 3339, whole
 * seconds, UTC), numbers, names.
 */
export type Position = readonly (string | number)[]

/** Negative when `a` comes before `b` in a list: the greater, which is the newer, first. */
export function newestFirst(a: Position, b: Position): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]]
    if (x === undefined || y === undefined || x === y) continue
    return x < y ? 1 : -1
  }
  return 0
}

/** The position of the last item of a page, as the opaque `continue` of an answer. */
export const encodePosition = (position: Position): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

/** What `encodePosition` made, with parts of these types. Throws the problem `Invalid`. */
export function decodePosition(text: string, types: readonly ('string' | 'number')[]): Position {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (
      Array.isArray(value) &&
      value.length === types.length &&
      value.every((p, i) => typeof p === types[i])
    ) {
      return value
    }
  } catch {
    // Falls through: not ours.
  }
  throw invalid([{ path: 'continue', message: 'is not what an earlier answer of this list gave' }])
}
