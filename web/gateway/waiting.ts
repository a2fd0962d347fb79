import type { Client } from '../../kube/client.ts'
import { sleep } from '../../kube/clock.ts'
import { isGone, isTransient } from '../../kube/errors.ts'
import type { Clock, KubeObject, Resource } from '../../kube/types.ts'
import { problem } from './problems/problem.ts'

export interface WaitOptions {
  readonly clock: Clock
  /** Milliseconds at most. */
  readonly ms: number
  /** Each ends the wait early: the caller went away, the process is to end. */
  readonly signals: readonly AbortSignal[]
}

const pauseMs = 200

/**
 * Watches one object, from the version that is at hand on, until `done` holds or the time is over, and returns it as it
 * is then. Throws the problem `NotFound` when it is deleted meanwhile.
 */
export async function waitUntil<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  done: (object: T) => boolean,
  { clock, ms, signals }: WaitOptions,
): Promise<T> {
  const over = new AbortController()
  const end = () => over.abort()
  const cancel = clock.after(ms, end)
  // By hand: AbortSignal.any would hold on to every wait as long as the process lives.
  for (const signal of signals) {
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  }
  let current = object
  let missed = false
  try {
    while (!over.signal.aborted && !done(current)) {
      missed = false
      try {
        for await (const event of changesOf(client, resource, current, over.signal)) {
          if (event.type === 'BOOKMARK') continue
          if (event.type === 'DELETED') throw deleted(resource, current.metadata.name)
          current = event.object
          if (done(current)) break
        }
      } catch (error) {
        if (over.signal.aborted) break
        if (isGone(error)) current = await client.get(resource, refOf(current))
        else if (!isTransient(error)) throw error
        else missed = true
      }
      // A watch that ends at once, again and again, must not become a busy loop.
      if (!done(current)) await sleep(clock, pauseMs, over.signal)
    }
    return missed ? await client.get(resource, refOf(current)) : current
  } finally {
    cancel()
    for (const signal of signals) signal.removeEventListener('abort', end)
  }
}

function changesOf<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  signal: AbortSignal,
) {
  const { namespace, name, resourceVersion } = object.metadata
  return client.watch(resource, {
    fieldSelector: `metadata.name=${name}`,
    signal,
    ...(namespace === undefined ? {} : { namespace }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  })
}

const refOf = ({ metadata: { name, namespace } }: KubeObject) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
})

const deleted = (resource: Resource, name: string) =>
  problem('NotFound', { what: `${resource.kind} ${name} was deleted.` })
