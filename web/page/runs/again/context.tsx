import { useState } from 'react'
import type { Run } from '../../api/types.ts'
import { useRights } from './rights.ts'

/** What of a run's context goes into the next one. */
export interface ContextChoice {
  /** Whether the next one may be started as things are chosen. */
  readonly made: boolean
  /** To be sent; undefined: none. */
  readonly context: object | undefined
  readonly question: React.ReactNode
}

/**
 * A context opens and closes gates, so the next run gets the same one or, where one may not set it, none: but only by
 * their own choice. `refused`: the gateway has said that they may not.
 */
export function useContextChoice(run: Run, refused: boolean): ContextChoice {
  const { setContext } = useRights()
  const [without, setWithout] = useState(false)
  const { context } = run
  if (context === undefined) return { made: true, context: undefined, question: null }
  if (setContext !== false && !refused) {
    const question = <p className="faint">The context of this run goes with it, unchanged.</p>
    return { made: true, context, question }
  }
  return {
    made: without,
    context: undefined,
    question: (
      <div className="warning">
        <p>
          This run has a context, and you may not set one: admins and owners may (the right is setcontext).
          Conditions of gates read it, so <strong>without it other calls may be stopped, or fewer</strong>; a
          condition that cannot be evaluated always stops its call.
        </p>
        <label>
          <input
            type="checkbox"
            checked={without}
            onChange={event => setWithout(event.currentTarget.checked)}
          />{' '}
          Start without the context
        </label>
      </div>
    ),
  }
}
