import type { Clock } from './types.ts'

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    // setTimeout fires at once beyond 2^31-1 ms; such a wait is cut and its caller looks again.
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), 0x7fffffff))
    return () => clearTimeout(timer)
  },
}

/** Milliseconds from some fixed point that no change of the wall clock moves. */
export interface MonotonicClock extends Clock {
  monotonic(): number
}

/** The system's clock with the monotonic one beside it. */
export const systemMonotonicClock: MonotonicClock = { ...systemClock, monotonic: () => performance.now() }

/** Resolves after `ms`, or as soon as `signal` aborts (it never rejects: look at the signal afterwards). */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done)
  })
}
