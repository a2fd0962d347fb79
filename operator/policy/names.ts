import type { Gate } from '../../crds/v1alpha1/gate.ts'
import { matchesGate } from './gates.ts'

/** A gate that names no tool, and the real names that are most like it, nearest first. */
export interface UnmatchedGate {
  readonly name: string
  readonly nearest: readonly string[]
}

/** Of more gates than these none is suggested: nobody mends more at once, and each costs a look at every tool. */
const MOST_GATES = 5
const MOST_NAMES = 3
/** Longer names are compared by their beginnings. */
const LONGEST = 48

/** The gates that match none of the tools: a typing error there would leave a tool without its gate. */
export function unmatchedGates(
  gates: readonly Pick<Gate, 'name'>[],
  toolNames: readonly string[],
): readonly UnmatchedGate[] {
  return gates
    .filter(({ name }) => !toolNames.some(tool => matchesGate(name, tool)))
    .map(({ name }, i) => ({ name, nearest: i < MOST_GATES ? nearestNames(name, toolNames) : [] }))
}

/** The names most like `name` (which may end with *), at most three, nearest first. */
export function nearestNames(name: string, candidates: readonly string[]): readonly string[] {
  const prefix = name.endsWith('*')
  const stem = (prefix ? name.slice(0, -1) : name).toLowerCase()
  const best: { readonly candidate: string; readonly distance: number }[] = []
  for (const candidate of candidates) {
    const whole = candidate.toLowerCase()
    // Whoever forgot the toolset meant the tool: process_refund is near order_tools.process_refund.
    const tool = stem.includes('.') ? whole : whole.slice(whole.indexOf('.') + 1)
    const part = prefix ? whole.slice(0, stem.length) : tool
    const worst = best.length < MOST_NAMES ? Number.POSITIVE_INFINITY : (best.at(-1)?.distance ?? 0)
    const distance = editDistance(stem.slice(0, LONGEST), part.slice(0, LONGEST), worst)
    if (distance > worst) continue
    best.push({ candidate, distance })
    best.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    best.length = Math.min(best.length, MOST_NAMES)
  }
  return best.map(({ candidate }) => candidate)
}

/** Levenshtein's distance: how many letters to insert, delete or replace. Infinity where it exceeds `most`. */
export function editDistance(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) > most) return Number.POSITIVE_INFINITY
  // row[j]: from the letters of `a` seen so far to the first j of `b`. One row is kept, and what stood diagonally.
  const row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0] as number
    let least = i
    row[0] = i
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number
      const replaced = diagonal + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1)
      const cost = Math.min(replaced, above + 1, (row[j - 1] as number) + 1)
      row[j] = cost
      diagonal = above
      if (cost < least) least = cost
    }
    if (least > most) return Number.POSITIVE_INFINITY
  }
  const distance = row[b.length] as number
  return distance > most ? Number.POSITIVE_INFINITY : distance
}
