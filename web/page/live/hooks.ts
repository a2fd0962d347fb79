import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Api } from '../api/client.ts'
import type { Feed, Snapshot } from './feed.ts'
import { rereader } from './rereader.ts'

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

/**
 * Reads when `key` is new, and again when `again` is: one reading at a time, what happened meanwhile is read once more,
 * so that a storm of changes neither floods the gateway nor keeps an answer from coming. What was read before under the
 * same key stays until the next has come.
 */
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
  const current = useRef(read)
  const rereading = useRef<() => void>(undefined)
  useEffect(() => {
    current.current = read
  })
  useEffect(() => {
    const reader = rereader(
      signal => current.current(signal),
      value => setState({ key, value, error: undefined }),
      error =>
        setState(old => ({
          ...(old.key === key ? old : { key, value: undefined, error: undefined }),
          error,
        })),
    )
    rereading.current = reader.again
    return reader.stop
  }, [key])
  const beginning = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` is what happened
  useEffect(() => {
    if (!beginning.current) rereading.current?.()
    beginning.current = false
  }, [again])
  return state.key === key ? state : { value: undefined, error: undefined }
}
