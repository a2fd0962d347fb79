import { Broken, isSettled, judgeCalls, judgeChange } from './rules.ts'
import { keyOf, type State } from './state.ts'
import type { World } from './world.ts'

/** What was found out about a world. */
export interface Explored {
  readonly states: number
  readonly steps: number
  /** Times that real code was run, a look or a part of one; all else was known. */
  readonly looks: number
  /** Every state that can be reached was. */
  readonly complete: boolean
  /** States in which nothing is left to do. */
  readonly settled: number
  /** `machine from to`, and how often it was seen. */
  readonly transitions: ReadonlyMap<string, number>
  /** The first rule that was broken, with the fewest steps that lead there. */
  readonly broken?: { readonly rule: string; readonly trace: readonly string[] }
}

/** Numbers in a row, without the weight of an array of objects. */
class Numbers {
  #values = new Int32Array(1024)
  length = 0
  push(value: number): void {
    if (this.length === this.#values.length) {
      const more = new Int32Array(this.length * 2)
      more.set(this.#values)
      this.#values = more
    }
    this.#values[this.length++] = value
  }
  at(index: number): number {
    return this.#values[index] ?? -1
  }
}

/**
 * Goes through everything that can happen, breadth first, so that what leads to a broken rule is as short as can be.
 * Then asks of every state whether the operators, time and the world outside alone (no crash, nobody who decides) can
 * still bring it to an end. As the graph is finite, that is: a fair run does.
 *
 * @param limit states after which it stops, incomplete
 */
export const explore = async (world: World, first: State, limit = 1_000_000): Promise<Explored> => {
  const known = new Map<string, number>([[keyOf(first), 0]])
  const parents = new Numbers()
  const labels: string[] = ['']
  parents.push(-1)
  const fairFrom = new Numbers()
  const fairTo = new Numbers()
  const ends: number[] = []
  const transitions = new Map<string, number>()
  let wave: State[] = [first]
  let begin = 0
  let steps = 0
  let broken: Explored['broken']

  const traceTo = (number: number): string[] => {
    const trace: string[] = []
    for (let at = number; at > 0; at = parents.at(at)) trace.unshift(labels[at] ?? '')
    return trace
  }
  const seen = (...parts: string[]) => {
    const key = parts.join(' ')
    transitions.set(key, (transitions.get(key) ?? 0) + 1)
  }

  const visit = async (state: State, number: number): Promise<State[]> => {
    const found: State[] = []
    if (isSettled(world, state)) ends.push(number)
    const edges = await world.next(state)
    for (const { label, to, fair } of edges) {
      steps++
      try {
        judgeCalls(world, state, to)
        judgeChange(world, state, to, seen)
      } catch (error) {
        if (!(error instanceof Broken)) throw error
        broken = { rule: error.message, trace: [...traceTo(number), label] }
        return []
      }
      const key = keyOf(to)
      let target = known.get(key)
      if (target === undefined) {
        target = known.size
        known.set(key, target)
        parents.push(number)
        labels.push(label)
        found.push(to)
      }
      if (fair && target !== number) {
        fairFrom.push(number)
        fairTo.push(target)
      }
    }
    return found
  }

  while (wave.length > 0 && !broken && known.size < limit) {
    const next: State[] = []
    for (const [index, state] of wave.entries()) {
      next.push(...(await visit(state, begin + index)))
      if (broken) break
    }
    begin += wave.length
    wave = next
  }
  const complete = !broken && wave.length === 0
  if (complete) {
    const stuck = firstStuck(known.size, ends, fairFrom, fairTo)
    if (stuck !== undefined)
      broken = { rule: 'nothing that operators do leads to an end from here', trace: traceTo(stuck) }
  }
  return {
    states: known.size,
    steps,
    looks: world.machines.reduce((sum, { runs }) => sum + runs, 0),
    complete,
    settled: ends.length,
    transitions,
    ...(broken ? { broken } : {}),
  }
}

/** The first state from which no end is reached. */
const firstStuck = (
  states: number,
  ends: readonly number[],
  from: Numbers,
  to: Numbers,
): number | undefined => {
  const heads = new Int32Array(states).fill(-1)
  const nexts = new Int32Array(to.length)
  for (let edge = 0; edge < to.length; edge++) {
    const target = to.at(edge)
    nexts[edge] = heads[target] ?? -1
    heads[target] = edge
  }
  const good = new Uint8Array(states)
  const stack = [...ends]
  for (const end of ends) good[end] = 1
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (let edge = heads[at] ?? -1; edge !== -1; edge = nexts[edge] ?? -1) {
      const source = from.at(edge)
      if (good[source]) continue
      good[source] = 1
      stack.push(source)
    }
  }
  const stuck = good.indexOf(0)
  return stuck === -1 ? undefined : stuck
}
