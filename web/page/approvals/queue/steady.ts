import type { Approval } from '../../api/types.ts'

/** A line of the list: a request that waits, or one that has just been settled and keeps its place for a moment. */
export interface Line {
  readonly approval: Approval
  readonly gone: boolean
}

export interface Steady {
  readonly lines: readonly Line[]
  /** Requests that would have come between what somebody points at: they are shown as soon as nobody does. */
  readonly held: number
}

/** The list as it is: nobody points at it. */
export const free = (waiting: readonly Approval[]): Steady => ({
  lines: waiting.map(approval => ({ approval, gone: false })),
  held: 0,
})

/**
 * The list while somebody points at it: what stands in it stays where it stands, up to `end` (the last line in view).
 * A request that was settled keeps its place as gone; a new one comes in beneath `end`, or is held.
 */
export function steady(before: readonly Line[], waiting: readonly Approval[], end: number): Steady {
  const now = new Map(waiting.map(approval => [approval.uid, approval]))
  const kept: Line[] = before.map(line => {
    const found = now.get(line.approval.uid)
    return found === undefined ? { ...line, gone: true } : { approval: found, gone: false }
  })
  const known = new Set(before.map(({ approval }) => approval.uid))
  const fresh = waiting.filter(({ uid }) => !known.has(uid))
  // Beneath what is in view: in the order of deadlines, as ever.
  const fixed = kept.slice(0, end + 1)
  const after = kept.slice(end + 1).filter(({ gone }) => !gone)
  const edge = fixed.at(-1)
  const below = fresh.filter(item => edge === undefined || !isBefore(item, edge.approval))
  const tail = [...after, ...below.map(approval => ({ approval, gone: false }))].sort((a, b) =>
    isBefore(a.approval, b.approval) ? -1 : 1,
  )
  return { lines: [...fixed, ...tail], held: fresh.length - below.length }
}

/** Whether `a` stands above `b`: its deadline is nearer. As in live/pending.ts. */
function isBefore(a: Approval, b: Approval): boolean {
  if (a.expiresAt === b.expiresAt) return a.name < b.name
  return Date.parse(a.expiresAt) < Date.parse(b.expiresAt)
}
