import { useEffect, useState, useSyncExternalStore } from 'react'
import { useHere } from '../live/hooks.ts'
import { BellFeed, type BellState } from './inbox.ts'
import { oneTab } from './one-tab.ts'
import { Telling } from './telling.ts'

const nothing = { subscribe: () => () => {}, state: () => undefined }

/** The bell of the project that is shown, and what it knows; undefined before it began. */
export function useBell(): { readonly bell: BellFeed | undefined; readonly state: BellState | undefined } {
  const { api, feed, project, username } = useHere()
  const [bell, setBell] = useState<BellFeed>()
  useEffect(() => {
    const telling = new Telling(project, oneTab(project, username))
    const begun = new BellFeed(api, feed, (items, { waiting }) => void telling.arrived(items, waiting))
    const end = begun.start()
    setBell(begun)
    return () => {
      end()
      telling.end()
    }
  }, [api, feed, project, username])
  const { subscribe, state } = bell ?? nothing
  return { bell, state: useSyncExternalStore<BellState | undefined>(subscribe, state) }
}

/** Whether somebody can see this tab. */
export function useVisible(): boolean {
  return useSyncExternalStore(
    listener => {
      document.addEventListener('visibilitychange', listener)
      return () => document.removeEventListener('visibilitychange', listener)
    },
    () => !document.hidden,
  )
}
