import { useSyncExternalStore } from 'react'
import type { Api } from '../api/client.ts'
import type { Project, StreamEvent } from '../api/types.ts'
import type { Feed } from './feed.ts'
import { useHere } from './hooks.ts'
import { rereader } from './rereader.ts'

/**
 * The API server takes up what the operator makes of a changed Project in its own time, and the gateway asks about
 * rights every two seconds: read once more when both have.
 */
const SETTLED_MS = 3000
/** Rights may change without the Project, and what one signed in with may too. */
const FRESH_MS = 30_000

export interface ProjectState {
  /** Undefined until it is known. What was read before stays while it cannot be read. */
  readonly value: Project | undefined
  readonly error: Error | undefined
}

/** Follows one project while somebody looks, however many do: one answer for all of them. */
class ProjectStore {
  #state: ProjectState = { value: undefined, error: undefined }
  #again = () => {}
  #stop = () => {}
  readonly #listeners = new Set<() => void>()
  readonly #api: Api
  readonly #feed: Feed

  constructor(api: Api, feed: Feed) {
    this.#api = api
    this.#feed = feed
  }

  readonly state = (): ProjectState => this.#state

  readonly refresh = (): void => this.#again()

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#start()
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  #start(): void {
    const path = `/projects/${encodeURIComponent(this.#feed.project)}`
    const reader = rereader(
      signal => this.#api.get<Project>(path, {}, signal),
      value => this.#set({ value, error: undefined }),
      error => this.#set({ ...this.#state, error }),
    )
    let settled: ReturnType<typeof setTimeout> | undefined
    const heard = ({ type }: StreamEvent) => {
      if (type !== 'ProjectChanged' && type !== 'Reset') return
      reader.again()
      clearTimeout(settled)
      settled = setTimeout(reader.again, SETTLED_MS)
    }
    const deaf = this.#feed.onEvent(heard)
    const timer = setInterval(reader.again, FRESH_MS)
    this.#again = reader.again
    this.#stop = () => {
      reader.stop()
      deaf()
      clearInterval(timer)
      clearTimeout(settled)
    }
  }

  #set(state: ProjectState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

const stores = new WeakMap<Feed, ProjectStore>()

/**
 * The project, its members, and what one may do in it, as `GET /projects/{ns}` says; read again when it has changed.
 * Not known is not no: what one may is tried then, and the API server says. `refresh` after a refusal.
 */
export function useProject(): ProjectState & { refresh(): void } {
  const { api, feed } = useHere()
  let store = stores.get(feed)
  if (store === undefined) {
    store = new ProjectStore(api, feed)
    stores.set(feed, store)
  }
  const state = useSyncExternalStore(store.subscribe, store.state)
  return { ...state, refresh: store.refresh }
}
