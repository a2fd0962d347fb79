/** One row of a state machine: from one state to the next. */
export interface Transition {
  /** `''`: there was nothing before. */
  readonly from: string
  readonly to: string
  /** What makes it happen. */
  readonly event: string
  /** What must be so besides. */
  readonly guard: string
  /** What is written, in order; what stands before the state is left. */
  readonly written: string
  /** Why the model checker does not come by here; a test elsewhere does. */
  readonly unexplored?: string
}

/** A state machine of the API, as people read of it and as the model checker holds the code to it. */
export interface StateMachine {
  readonly name: 'request' | 'call' | 'run'
  readonly title: string
  /** Where the code is that decides. */
  readonly code: string
  readonly transitions: readonly Transition[]
}
