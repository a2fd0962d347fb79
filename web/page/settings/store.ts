import { useSyncExternalStore } from 'react'
import { type Api, Refused, Unreachable } from '../api/client.ts'
import type { Notifications } from '../api/types.ts'
import type { Feed } from '../live/feed.ts'
import { useHere } from '../live/hooks.ts'
import { rereader } from '../live/rereader.ts'
import { type Draft, draftOf, isChanged, same, settingsOf } from './draft.ts'
import { merged } from './merge.ts'
import { wrongIn } from './wrong.ts'

/** Settings as the gateway answered them. */
export interface Read {
  readonly value: Notifications
  readonly tag: string
  /** What one begins to edit from. */
  readonly draft: Draft
}

const readOf = (value: Notifications, tag: string | null): Read => ({
  value,
  tag: tag ?? '',
  draft: draftOf(value),
})

export interface SettingsState {
  /** As they are; undefined until they have been read. */
  readonly latest: Read | undefined
  /** Why they could not be read (again). */
  readonly error: Error | undefined
  /** What was edited and not saved, and the tag of what it began from. */
  readonly edited: { readonly draft: Draft; readonly tag: string } | undefined
  readonly saving: boolean
  readonly saved: boolean
  /** Why it was not saved. */
  readonly trouble: Error | undefined
}

const BEGINNING: SettingsState = {
  latest: undefined,
  error: undefined,
  edited: undefined,
  saving: false,
  saved: false,
  trouble: undefined,
}

/** The notification settings of a project, followed while somebody looks. Edits stay in memory until saved or dropped. */
class SettingsStore {
  #state = BEGINNING
  #again = () => {}
  #stop = () => {}
  readonly #listeners = new Set<() => void>()
  readonly #api: Api
  readonly #feed: Feed
  readonly #path: string

  constructor(api: Api, feed: Feed) {
    this.#api = api
    this.#feed = feed
    this.#path = `/projects/${encodeURIComponent(feed.project)}/notifications`
  }

  readonly state = (): SettingsState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads, and reads again whenever the project has changed; returns its end. */
  readonly follow = (): (() => void) => {
    const reader = rereader(
      signal => this.#read(signal),
      latest => this.#take(latest),
      error => this.#set({ error }),
    )
    const deaf = this.#feed.onEvent(({ type }) => {
      if (type === 'ProjectChanged' || type === 'Reset') reader.again()
    })
    this.#again = reader.again
    this.#stop = () => {
      reader.stop()
      deaf()
    }
    return () => {
      this.#stop()
      this.#again = () => {}
      this.#set({ saved: false })
    }
  }

  readonly edit = (change: Partial<Draft>): void => {
    const { latest, edited } = this.#state
    if (latest === undefined) return
    const { draft, tag } = edited ?? latest
    const next = { ...draft, ...change }
    // What is wrong is said of places in the lists.
    const moved = next.routes.length !== draft.routes.length || next.webhooks.length !== draft.webhooks.length
    this.#set({ edited: { draft: next, tag }, saved: false, ...(moved ? { trouble: undefined } : {}) })
  }

  readonly discard = (): void => this.#set({ edited: undefined, trouble: undefined })

  /** Puts what one edited onto what somebody else saved meanwhile. Nothing is saved by that. */
  readonly merge = (): void => {
    const { latest, edited } = this.#state
    if (latest === undefined || edited === undefined) return
    const { draft } = edited
    const both = draftOf(merged(draft.read, settingsOf(draft), latest.value))
    this.#set({ edited: { draft: { ...both, read: latest.value }, tag: latest.tag }, trouble: undefined })
  }

  readonly save = async (): Promise<void> => {
    const { edited, saving } = this.#state
    if (edited === undefined || saving) return
    const errors = wrongIn(edited.draft)
    if (errors.length > 0) {
      const detail = 'Nothing is saved yet: something is missing below.'
      this.#set({ trouble: new Refused(422, { code: 'Invalid', detail, errors }) })
      return
    }
    this.#set({ saving: true, trouble: undefined })
    try {
      const headers = { 'if-match': edited.tag }
      const answer = await this.#api.send<Notifications>('PUT', this.#path, settingsOf(edited.draft), headers)
      const latest = readOf(answer.value, answer.headers.get('etag'))
      // Its rows go on being the same.
      const kept = { ...edited.draft, read: answer.value }
      const draft = same(settingsOf(kept), answer.value) ? kept : latest.draft
      const later = this.#state.edited
      // What was changed while it was under way goes on from what is saved now.
      const more = later === undefined || later === edited ? undefined : later
      this.#set({
        latest: { ...latest, draft },
        saved: more === undefined,
        edited: more && onto(more, latest),
      })
    } catch (error) {
      const conflict = error instanceof Refused && error.code === 'Conflict'
      if (conflict) {
        await this.#read().then(
          latest => this.#set({ latest }),
          () => {},
        )
      }
      this.#set({ trouble: error as Error })
      this.#again()
    } finally {
      this.#set({ saving: false })
    }
  }

  async #read(signal?: AbortSignal): Promise<Read> {
    const answer = await this.#api.open(this.#path, signal === undefined ? {} : { signal })
    return readOf(await answer.json(), answer.headers.get('etag'))
  }

  #take(read: Read): void {
    const { latest, edited, saving, trouble } = this.#state
    this.#set({ latest: latest?.tag === read.tag ? latest : read, error: undefined })
    if (edited === undefined || saving) return
    // An answer that was lost, and had been written.
    const written = same(settingsOf(edited.draft), settingsOf(read.draft)) && trouble instanceof Unreachable
    if (written) this.#set({ edited: undefined, trouble: undefined, saved: true })
    else if (!isChanged(edited.draft) && edited.tag !== read.tag) this.#set({ edited: undefined })
  }

  #set(change: Partial<SettingsState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

const onto = ({ draft }: { readonly draft: Draft }, { value, tag }: Read) => ({
  draft: { ...draft, read: value },
  tag,
})

const stores = new WeakMap<Feed, SettingsStore>()

/** The settings of the project, and what one does with them. */
export function useSettings() {
  const { api, feed } = useHere()
  const store = stores.get(feed) ?? new SettingsStore(api, feed)
  stores.set(feed, store)
  const state = useSyncExternalStore(store.subscribe, store.state)
  const unsaved = state.edited !== undefined && isChanged(state.edited.draft)
  const { follow, edit, discard, merge, save } = store
  return { ...state, unsaved, follow, edit, discard, merge, save }
}
export type SettingsHandle = ReturnType<typeof useSettings>
