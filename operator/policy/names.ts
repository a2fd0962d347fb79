import type { Gate } from '../../crds/v1alpha1/gate.ts'
import { matchesGate } from './gates.ts'

/** A gate that names no tool, and the real names that are most like it, nearest first. */
export interface UnmatchedGate {
  readonly name: string
  readonly nearest: readonly string[]
}

/** The gates that match none of the tools: a typing error there would leave a tool without its gate. */
export function unmatchedGates(
  gates: readonly Pick<Gate, 'name'>[],
  toolNames: readonly string[],
): readonly UnmatchedGate[] {
  return gates
    .filter(({ name }) => !toolNames.some(tool => matchesGate(name, tool)))
    .map(({ name }) => ({ name, nearest: nearestNames(name, toolNames) }))
}

/** The names most like `name` (which may end with *), at most three, nearest first. */
export function nearestNames(name: string, candidates: readonly string[]): readonly string[] {
  const prefix = name.endsWith('*')
  const stem = (prefix ? name.slice(0, -1) : name).toLowerCase()
  return candidates
    .map(candidate => {
      const whole = candidate.toLowerCase()
      // Whoever forgot the toolset meant the tool: process_refund is near order_tools.process_refund.
      const part = prefix
        ? whole.slice(0, stem.length)
        : stem.includes('.')
          ? whole
          : whole.slice(whole.indexOf('.') + 1)
      return { candidate, distance: editDistance(stem, part) }
    })
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Levenshtein's distance: how many letters to insert, delete or replace. */
export function editDistance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (before[j] as number) + (a[i] === b[j] ? 0 : 1)
      row.push(Math.min(replaced, (before[j + 1] as number) + 1, (row[j] as number) + 1))
    }
    before = row
  }
  return before[b.length] as number
}
