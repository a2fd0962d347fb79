/** One after the other. */
export interface Turns {
  /** Does something when all that came before is done; `instead` if the signal ends the wait. */
  take<T>(work: () => Promise<T>, signal: AbortSignal, instead: T): Promise<T>
}

export const createTurns = (): Turns => {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take: async (work, signal, instead) => {
      const before = last
      let done = () => {}
      last = new Promise<void>(resolve => {
        done = resolve
      })
      try {
        return (await ended(before, signal)) ? await work() : instead
      } finally {
        // Whoever comes next still waits for all before: one who went away has not let them pass.
        void before.then(done)
      }
    },
  }
}

/** True when `before` has ended; false when the signal came first. */
const ended = (before: Promise<unknown>, signal: AbortSignal): Promise<boolean> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve(false)
    const stop = () => resolve(false)
    signal.addEventListener('abort', stop, { once: true })
    void before.then(() => {
      signal.removeEventListener('abort', stop)
      resolve(!signal.aborted)
    })
  })
