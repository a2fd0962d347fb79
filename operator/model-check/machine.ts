import type { Around } from './around.ts'
import { EMPTY_MEMORY, type Memory } from './memory.ts'
import { type Casting, type Look, OperatorProcess, type Pending } from './process.ts'
import type { Answer } from './server.ts'

/** What comes to a process between two of its waits: that a look begins, or an answer; and what it sees then. */
export interface Input {
  readonly look?: { readonly at: Look }
  readonly answered?: { readonly index: number; readonly answer: Answer }
  /** The answer is that to a write. */
  readonly wrote?: boolean
  readonly views: readonly number[]
  /** Its clock, in milliseconds. */
  readonly now: number
  readonly around: Around
}

/** A process in the middle of a look, or at its end. */
export interface Stand {
  readonly number: number
  /** The memory that the look began with, and all that came since. */
  readonly memory: number
  readonly inputs: readonly Input[]
  readonly pending: readonly Pending[]
  /** What its caches show now: its own writes are there at once. */
  readonly views: readonly number[]
  /** Slots of which the last input's view was looked at. */
  readonly read: readonly number[]
  /** Slots that its own writes showed in its caches on the last input. */
  readonly wrote: readonly number[]
  /** Calls made on the last input. */
  readonly called: readonly string[]
  /** What was wrong about them; empty: nothing. */
  readonly wrong: string
  /** The memory that remains, where the look is over. */
  readonly after?: number
}

/** Processes in the middle of a look that are kept. */
const MAX_RUNNING = 4000

/**
 * All that one operator can do. The code is deterministic: from the same memory, the same inputs lead to the same
 * stand. So each is computed once, by running the real code from the beginning of the look.
 */
export class Machine {
  readonly #casting: Casting
  readonly #known = new Map<string, Stand[]>()
  readonly #stands: Stand[] = []
  /** Processes that still stand at a stand, by its number: whoever goes on from there first need not begin anew. */
  readonly #running = new Map<number, OperatorProcess>()
  readonly empty: number
  /** Looks that were run for real. */
  runs = 0

  constructor(casting: Casting) {
    this.#casting = casting
    this.empty = casting.pool.put(EMPTY_MEMORY)
  }

  stand(number: number): Stand {
    return this.#stands[number - 1] as Stand
  }

  memory(number: number): Memory {
    return this.#casting.pool.get<Memory>(number) as Memory
  }

  /** What the process does on an input. `from`: its memory, where a look begins. */
  next(from: { readonly memory: number } | { readonly stand: number }, input: Input): Stand | Promise<Stand> {
    const place = 'memory' in from ? `m${from.memory}` : `s${from.stand}`
    const key = `${place} ${JSON.stringify([input.look ?? null, input.answered ?? null, input.now, input.around])}`
    const known = this.#known.get(key) ?? []
    this.#known.set(key, known)
    // What was not looked at cannot matter.
    const found = known.find(({ read, wrote, inputs }) =>
      [read, wrote].every(slots => slots.every(slot => inputs.at(-1)?.views[slot] === input.views[slot])),
    )
    if (found) return found
    const before = 'memory' in from ? { memory: from.memory, inputs: [] } : this.stand(from.stand)
    return this.#run(before, input, 'stand' in from ? from.stand : 0).then(stand => {
      known.push(stand)
      return stand
    })
  }

  async #run(
    before: { readonly memory: number; readonly inputs: readonly Input[] },
    input: Input,
    from: number,
  ): Promise<Stand> {
    this.runs++
    const { memory } = before
    const inputs = [...before.inputs, input]
    const running = this.#running.get(from)
    this.#running.delete(from)
    const process = running ?? (await OperatorProcess.recall(this.#casting, this.memory(memory)))
    for (const { look, answered, ...seen } of running ? [input] : inputs) {
      if (look) await process.begin(look.at, seen)
      else if (answered) await process.answer(answered.index, answered.answer, seen)
    }
    const pending = process.pending()
    const over = process.finished && pending.length === 0
    const stand: Stand = {
      number: this.#stands.length + 1,
      memory,
      inputs,
      pending,
      views: [...process.views.now],
      read: [...process.views.read],
      wrote: [...process.views.wrote],
      called: [...process.called],
      wrong: process.wrong,
      ...(over ? { after: this.#casting.pool.put(await process.remember()) } : {}),
    }
    if (!process.finished && pending.length === 0)
      throw new Error('a look waits for nothing that the model knows')
    this.#stands.push(stand)
    if (!over) this.#keep(stand.number, process)
    return stand
  }

  #keep(number: number, process: OperatorProcess): void {
    this.#running.set(number, process)
    const oldest = this.#running.size > MAX_RUNNING ? this.#running.keys().next().value : undefined
    if (oldest !== undefined) this.#running.delete(oldest)
  }
}
