import type { Server } from './server.ts'

/** One operator process as the world sees it. */
export interface Operator {
  /** By cached slot, the version that its cache holds: an index into the slot's versions. */
  readonly at: readonly number[]
  /** Its caches lag behind in the look under way. */
  readonly lags: boolean
  /** What it remembers; of a look under way: remembered when it began. A number of the pool. */
  readonly memory: number
  /** The look under way, a number of its Machine; 0: none. */
  readonly stand: number
  /** It has seen the policies refuse. */
  readonly trusted: boolean
  /** It was asked to stop. */
  readonly draining: boolean
}

/** Everything at one moment. */
export interface State {
  readonly server: Server
  readonly operators: readonly Operator[]
  /** Disturbances that may still happen. */
  readonly left: number
  /** The operator in the middle of a look that goes on unless it is paused; -1: none. */
  readonly active: number
  /** By call, how often the tool was called. */
  readonly called: readonly number[]
  /** The tool has become another one. */
  readonly changed: boolean
  /** What was wrong about a call, as it was made; empty: nothing. */
  readonly wrong: string
}

/** States with equal keys are equal. */
export const keyOf = ({ server, operators, left, active, called, changed }: State): string =>
  `${server.slots.join('|')};${server.records.join()};${server.clock};${operators
    .map(
      ({ at, lags, memory, stand, trusted, draining }) =>
        `${at.join()}.${lags ? 1 : 0}.${memory}.${stand}.${trusted ? 1 : 0}.${draining ? 1 : 0}`,
    )
    .join('|')};${left},${active};${called.join()},${changed ? 1 : 0}`

/** The same state without versions that nobody can see any more: none but the current ones, once no cache may lag. */
export const prune = (state: State, cached: number): State => {
  const { server, operators } = state
  const oldest = server.slots.map((versions, slot) =>
    slot < cached && (state.left > 0 || operators.some(({ lags }) => lags))
      ? Math.min(...operators.map(({ at }) => at[slot] ?? 0))
      : versions.length - 1,
  )
  if (oldest.every(first => first <= 0)) return state
  return {
    ...state,
    server: { ...server, slots: server.slots.map((versions, slot) => versions.slice(oldest[slot])) },
    operators: operators.map(one => ({
      ...one,
      at: one.at.map((index, slot) => index - (oldest[slot] ?? 0)),
    })),
  }
}
