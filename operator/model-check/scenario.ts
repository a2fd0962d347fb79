import type { Plot } from './cast.ts'
import type { Sabotage } from './process.ts'
import type { State } from './state.ts'

/** What may happen in a world that is explored, and how often. */
export interface Scenario {
  readonly name: string
  readonly plot: Plot
  /** Operators that believe they lead. */
  readonly operators: number
  /**
   * How much goes wrong, each time at any place: an operator crashes; it is stopped in the middle of a look while the
   * other one, or the clock, goes on; its caches lag behind for a look; an answer of the server is lost, the request
   * having landed or not; the notifier writes into a request; `also` more.
   */
  readonly disturbances: number
  /** The reviewers who may decide, one verdict each; none: nobody decides. */
  readonly reviewers: number
  /** What else may go wrong: the policies are not seen to refuse for a while; an operator is asked to stop. */
  readonly also: readonly ('Distrust' | 'Drain')[]
  readonly cancel: boolean
  readonly deletion: boolean
  /** Ticks for which a request may stay open after its time. */
  readonly beyond: number
  /** Ticks that the clocks of the operators are ahead of the server's. */
  readonly ahead: number
  /** The tool may answer with an error. */
  readonly toolFails: boolean
  /** The tool may become another one under its name, once. */
  readonly toolChanges: boolean
  /** An operator has one slot, for everything, which another run of the project wants as well. Default: no limit. */
  readonly limited?: boolean
  /** Default true: the admission policies are there. */
  readonly policies?: boolean
  readonly sabotage?: Sabotage
}

/** Who does a step: an operator or time, which go on by themselves, or somebody who may as well not. */
export interface Edge {
  readonly label: string
  readonly to: State
  readonly fair: boolean
}
