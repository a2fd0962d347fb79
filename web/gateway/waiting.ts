import { keyOfObject } from '../../kube/keys.ts'
import type { Clock, KubeObject } from '../../kube/types.ts'
import { notFound } from './access/scope.ts'
import type { CachedKind } from './cache/kind.ts'

export interface WaitOptions<T extends KubeObject> {
  readonly clock: Clock
  /** Milliseconds at most. */
  readonly ms: number
  /** Each ends the wait early: the caller went away, the process is to end. */
  readonly signals: readonly AbortSignal[]
  /**
   * Keeps watch over the right to wait: calls its argument with the error that ends the wait. Returns what ends the
   * watch.
   */
  readonly guard?: (lost: (error: unknown) => void) => () => void
  readonly done: (object: T) => boolean
}

/**
 * Waits for an object of the cache until `done` holds or the time is over, and returns it as it is then: it costs no
 * request. Rejects with the problem `NotFound` when it is deleted, also when it is made anew under its name.
 */
export async function waitUntil<T extends KubeObject>(
  kind: CachedKind<T>,
  object: T,
  { clock, ms, signals, guard, done }: WaitOptions<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const key = keyOfObject(object)
  const gone = () => notFound(kind.resource, object.metadata.name)
  let current = object
  const look = (now: T | undefined) => {
    if (now === undefined || now.metadata.uid !== object.metadata.uid) return reject(gone())
    current = now
    if (done(now)) resolve()
  }
  const end = () => resolve()
  const cleanUp = [kind.onChange(key, change => look(change.type === 'deleted' ? undefined : change.object))]
  try {
    cleanUp.push(clock.after(ms, end))
    // By hand: AbortSignal.any would hold on to every wait as long as the process lives.
    for (const signal of signals) {
      if (signal.aborted) end()
      else {
        signal.addEventListener('abort', end)
        cleanUp.push(() => signal.removeEventListener('abort', end))
      }
    }
    if (guard !== undefined) cleanUp.push(guard(reject))
    // What happened between the read and now.
    look(kind.store.get(key))
    await promise
    return current
  } finally {
    for (const clean of cleanUp) clean()
  }
}
