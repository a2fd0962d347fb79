/** Why a call was given up. */
export type GivenUp = 'TimedOut' | 'Stopped' | undefined

export interface Deadline {
  /** Aborted when the time is up or the caller stops the call. */
  readonly signal: AbortSignal
  /** Rejects as soon as `signal` is aborted, whatever the work does. */
  race<T>(work: Promise<T>): Promise<T>
  /** Why the signal is aborted, if it is. */
  givenUp(): GivenUp
  /** Stops the timer. */
  end(): void
}

/** One bound for everything that a call does, by the clock: `timeoutMs` from now, or until `stop` is aborted. */
export function deadline(timeoutMs: number, stop: AbortSignal): Deadline {
  const own = new AbortController()
  let reason: GivenUp
  const giveUp = (why: GivenUp): void => {
    reason ??= why
    own.abort(new DOMException(why === 'TimedOut' ? 'timed out' : 'stopped', 'AbortError'))
  }
  const onStop = (): void => giveUp('Stopped')
  const timer = setTimeout(() => giveUp('TimedOut'), timeoutMs)
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })
  return {
    signal: own.signal,
    race(work) {
      return new Promise((resolve, reject) => {
        const onAbort = (): void => reject(own.signal.reason)
        if (own.signal.aborted) onAbort()
        else own.signal.addEventListener('abort', onAbort, { once: true })
        work.then(resolve, reject).finally(() => own.signal.removeEventListener('abort', onAbort))
      })
    },
    givenUp: () => reason,
    end() {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
    },
  }
}
