import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import type { Api } from '../api/client.ts'
import type { Feed, Snapshot } from './feed.ts'

/** What every part of a project's page stands on. */
export interface Here {
  readonly api: Api
  readonly project: string
  readonly feed: Feed
  readonly username: string
}

export const HereContext = createContext<Here | undefined>(undefined)

export function useHere(): Here {
  const here = useContext(HereContext)
  if (here === undefined) throw new Error('outside of a project')
  return here
}

export function useSnapshot(): Snapshot {
  const { feed } = useHere()
  return useSyncExternalStore(feed.subscribe, feed.snapshot)
}

// One clock for all that ticks: a thousand rows have no timer each.
const tickers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let seconds = 0

function onTick(listener: () => void): () => void {
  tickers.add(listener)
  timer ??= setInterval(() => {
    seconds++
    for (const each of tickers) each()
  }, 1000)
  return () => {
    tickers.delete(listener)
    if (tickers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The gateway's time, moving on each second. */
export function useNow(): number {
  const { api } = useHere()
  useSyncExternalStore(onTick, () => seconds)
  return api.now()
}

export interface Loaded<T> {
  readonly value: T | undefined
  readonly error: Error | undefined
}

/** Reads when a value of `key` is new; what was read before under the same first part stays until the next has come. */
export function useLoaded<T>(
  read: (signal: AbortSignal) => Promise<T>,
  key: string,
  again: number,
): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { readonly key: string }>({
    key,
    value: undefined,
    error: undefined,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` is new at each rendering, `key` says when it differs
  useEffect(() => {
    const stop = new AbortController()
    // Several changes in a row are one.
    const timer = setTimeout(
      () =>
        read(stop.signal).then(
          value => stop.signal.aborted || setState({ key, value, error: undefined }),
          error => stop.signal.aborted || setState(old => ({ ...old, key, error })),
        ),
      again === 0 ? 0 : 120,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [key, again])
  return state.key === key ? state : { value: undefined, error: undefined }
}
