import { createContext, useContext, useSyncExternalStore } from 'react'
import type { PageSession, Standing } from './page-session.ts'

export const SessionContext = createContext<PageSession | undefined>(undefined)

export function usePageSession(): PageSession {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('outside of the page')
  return session
}

/** Who is signed in, and how. */
export function useStanding(): Standing {
  const session = usePageSession()
  return useSyncExternalStore(session.subscribe, session.standing)
}
