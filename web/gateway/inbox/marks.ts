import { createHash } from 'node:crypto'

/** What the store of marks holds: a key for each person and project, and a time. */
export type Stored = Readonly<Record<string, string>>

/** A mark so far ahead of our clock was not written by a gateway: it would hide what comes. */
const maxAheadMs = 5 * 60_000

/** The key of a person's mark in a project: whoever reads the store sees no names, and none can break out of a key. */
export const keyOf = (project: string, username: string): string =>
  createHash('sha256')
    .update(JSON.stringify([project, username]))
    .digest('base64url')
    .slice(0, 22)

/** The times of the marks, in milliseconds since the epoch. What is no time, or far ahead of `now`, is no mark. */
export function readMarks(stored: Stored, now: number): Map<string, number> {
  const marks = new Map<string, number>()
  for (const [key, text] of Object.entries(stored)) {
    const at = Date.parse(text)
    if (at <= now + maxAheadMs) marks.set(key, at)
  }
  return marks
}

/**
 * Up to where somebody may have seen everything: what they say, but not beyond the last second that is over. Times of
 * the API server are whole seconds, and what else comes in this one nobody has seen yet.
 */
export const clampMark = (until: number, now: number): number =>
  Math.min(Math.max(until, 0), Math.floor(now / 1000) * 1000 - 1)

/** A mark as it is written. */
export const markText = (at: number): string => new Date(at).toISOString()

/**
 * The merge patch that moves these marks on: only those that are later than what is stored, so that none ever goes
 * back. Beyond `max` marks the oldest are dropped, down to three quarters of it: to those people everything is new
 * again. Undefined where there is nothing to write.
 */
export function patchOf(
  wanted: ReadonlyMap<string, number>,
  stored: Stored,
  now: number,
  max: number,
): Readonly<Record<string, string | null>> | undefined {
  const marks = readMarks(stored, now)
  const later = [...wanted].filter(([key, at]) => at > (marks.get(key) ?? Number.NEGATIVE_INFINITY))
  if (later.length === 0) return undefined
  const patch: Record<string, string | null> = {}
  const after = new Map<string, number>()
  for (const key of Object.keys(stored)) after.set(key, marks.get(key) ?? Number.NEGATIVE_INFINITY)
  for (const [key, at] of later) after.set(key, at)
  if (after.size > max) {
    const oldest = [...after].sort(([, a], [, b]) => a - b).slice(0, after.size - Math.floor(max * 0.75))
    for (const [key] of oldest) {
      after.delete(key)
      if (key in stored) patch[key] = null
    }
  }
  for (const [key, at] of later) if (after.has(key)) patch[key] = markText(at)
  return patch
}
