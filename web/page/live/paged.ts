import { useEffect, useState, useSyncExternalStore } from 'react'
import type { Page, StreamEvent } from '../api/types.ts'
import type { Query } from '../router.ts'
import { useHere } from './hooks.ts'
import { Pager, type Pages } from './pager.ts'

type Asked = Readonly<Record<string, string | number | undefined>>

export interface PagedOptions<T> {
  /** Below the project: `audit`. */
  readonly path: string
  /** What the list is filtered by; another filter is another list. */
  readonly filter: Query
  /** What the gateway is asked for. Made once for each list, so that `the last hour` begins where it began. */
  asked(filter: Query, now: number): Asked
  readonly limit?: number
  compare(a: T, b: T): number
  /** Whether an event of the stream is about this list. */
  concerns(event: StreamEvent): boolean
  /** What an event tells of an item that is shown already, wherever it stands; undefined: that it is gone. */
  told?(event: StreamEvent, item: T): T | undefined
}

export interface Paged<T> extends Pages<T> {
  /** What is shown was read for another filter: the answer is on its way. */
  readonly changing: boolean
  readMore(): void
  retry(): void
}

const nothing: Pages<never> = { items: undefined, more: false, reading: undefined, error: undefined }
const never = () => () => {}

/**
 * A list of the project by pages: as many as somebody asks for, its beginning kept up to date. What was shown stays
 * until another filter's first page has come.
 */
export function usePaged<T>(options: PagedOptions<T>): Paged<T> {
  const { api, project, feed } = useHere()
  const { path, filter, limit = 50 } = options
  const key = JSON.stringify([project, path, limit, filter])
  const [current, setCurrent] = useState<{ key: string; pager: Pager<T>; before: Pages<T>['items'] }>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says when the options differ; their functions are the caller's constants
  useEffect(() => {
    const { compare, concerns, told } = options
    const query = options.asked(filter, api.now())
    const pager = new Pager<T>({
      compare,
      read: (next, signal) =>
        api.get<Page<T>>(`/projects/${project}/${path}`, { ...query, limit, continue: next }, signal),
    })
    setCurrent(old => ({ key, pager, before: old?.pager.snapshot().items ?? old?.before }))
    const end = pager.start()
    const deaf = feed.onEvent(event => {
      if (event.type === 'Reset') pager.refresh()
      if (!concerns(event)) return
      if (told !== undefined) pager.replace(item => told(event, item))
      pager.refresh()
    })
    let { state } = feed.snapshot().connection
    const unheard = feed.subscribe(() => {
      const before = state
      state = feed.snapshot().connection.state
      if (state !== 'Live' || before === 'Live') return
      // What failed while nobody answered is done again by itself.
      if (pager.snapshot().error !== undefined) pager.retry()
      else if (before === 'Lost') pager.refresh()
    })
    return () => {
      end()
      deaf()
      unheard()
    }
  }, [api, feed, key])
  const pager = current?.pager
  const pages = useSyncExternalStore(pager?.subscribe ?? never, pager?.snapshot ?? (() => nothing))
  const waiting = current?.key !== key || (pages.items === undefined && pages.error === undefined)
  const items = pages.items ?? (waiting ? current?.before : undefined)
  return {
    ...pages,
    items,
    changing: waiting && items !== undefined,
    readMore: () => pager?.more(),
    retry: () => pager?.retry(),
  }
}
