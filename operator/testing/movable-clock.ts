import type { Clock } from '../../kube/types.ts'

/** The system's clock, which a test can put forward. */
export interface MovableClock extends Clock {
  /** Moves time on by so many milliseconds; timers whose time has come go off. */
  move(ms: number): void
}

export const movableClock = (): MovableClock => {
  let shift = 0
  const timers = new Set<{ readonly at: number; readonly fire: () => void }>()
  const now = () => Date.now() + shift
  return {
    now,
    after: (ms, fn) => {
      const cancel = () => {
        clearTimeout(timeout)
        timers.delete(timer)
      }
      const timer = {
        at: now() + ms,
        fire: () => {
          cancel()
          fn()
        },
      }
      const timeout = setTimeout(timer.fire, Math.min(Math.max(ms, 0), 0x7fffffff))
      timers.add(timer)
      return cancel
    },
    move: ms => {
      shift += ms
      for (const timer of [...timers]) if (timer.at <= now()) timer.fire()
    },
  }
}
