/** How things stand around a process. */
export interface Around {
  /** It has seen the policies refuse. */
  readonly trusted: boolean
  /** It was asked to stop. */
  readonly draining: boolean
  /** The tool has become another one. */
  readonly changed: boolean
}

/** What a process sees: its caches by slot, its clock in milliseconds, and all around it. */
export interface Seen {
  readonly views: readonly number[]
  readonly now: number
  readonly around: Around
}
