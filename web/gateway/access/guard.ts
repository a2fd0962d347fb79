import type { Clock } from '../../../kube/types.ts'
import { problem } from '../problems/problem.ts'

export interface GuardOptions {
  readonly clock: Clock
  /** Calls `changed` whenever the rights in the namespace may have changed. Returns what ends it. */
  readonly onRightsChange: (changed: () => void) => () => void
  /** Rejects where the right is not there (any more). `maxAgeMs`: how old an answer will do. */
  readonly check: (maxAgeMs: number) => Promise<void>
}

/** Until the right is asked for again. With the age that an answer may have, less than 2 s pass after it was lost. */
const everyMs = 1500
/** An answer this old will do: those who stay side by side with one credential share one question. */
const ageMs = 250

/**
 * Watches over the right of somebody who stays: asks every 1.5 s and at each change of the Project, and calls `lost`
 * once, with what `check` rejected with. An answer that does not come is a right that is not known, which ends it too.
 * Returns what ends the watch.
 */
export function guard(
  { clock, onRightsChange, check }: GuardOptions,
  lost: (error: unknown) => void,
): () => void {
  let over = false
  let turn = 0
  /** Questions that are not answered yet, each by the turn at whose end it ought to be. */
  const open = new Set<{ readonly due: number }>()
  let cancel = () => {}
  const end = () => {
    over = true
    cancel()
    unsubscribe()
  }
  const fail = (error: unknown) => {
    if (over) return
    end()
    lost(error)
  }
  const ask = (due: number) => {
    const question = { due }
    open.add(question)
    check(ageMs).then(() => void open.delete(question), fail)
  }
  const next = () => {
    cancel = clock.after(everyMs, () => {
      turn++
      if ([...open].some(({ due }) => due <= turn)) {
        return fail(problem('Unavailable', {}, { retryAfterSeconds: 1 }))
      }
      ask(turn + 1)
      next()
    })
  }
  // One that is asked in the middle of a turn has the whole of the next one to be answered in.
  const unsubscribe = onRightsChange(() => ask(turn + 2))
  next()
  return end
}
