import { useSyncExternalStore } from 'react'

const KEY = 'countersign-notify'

/** What stands between the wish for notifications and them, if anything. */
export type Obstacle =
  /** Only over https, and not in every browser. */
  | 'Impossible'
  /** The person, or whoever looks after the browser, said no; the page cannot ask again. */
  | 'Blocked'
  /** Not allowed yet: the browser asks when one switches it on. */
  | 'NotAsked'

// Told of changes in this tab; those of other tabs come as `storage`.
const listeners = new Set<() => void>()
let failed = false

/** Whether one wishes to be told in this browser. It is no secret, and says nothing of what is told. */
export function wishes(): boolean {
  try {
    return localStorage.getItem(KEY) === 'true'
  } catch {
    return false
  }
}

export function setWish(wish: boolean): void {
  try {
    if (wish) localStorage.setItem(KEY, 'true')
    else localStorage.removeItem(KEY)
  } catch {
    // A browser that keeps nothing: the switch stays off, which is what then holds.
  }
  for (const listener of listeners) listener()
}

export function obstacle(): Obstacle | undefined {
  if (failed || !isSecureContext || !('Notification' in window) || navigator.locks === undefined) {
    return 'Impossible'
  }
  if (Notification.permission === 'granted') return undefined
  return Notification.permission === 'denied' ? 'Blocked' : 'NotAsked'
}

/** Whether one is told at all. */
export const isOn = (): boolean => wishes() && obstacle() === undefined

/** The browser took the permission and shows nothing all the same, as on phones. */
export function foundImpossible(): void {
  failed = true
  setWish(false)
}

/** Asks the browser, which asks the person. Resolves with whether one is told from now on. */
export async function switchOn(): Promise<boolean> {
  const allowed = obstacle() === 'NotAsked' ? await Notification.requestPermission() : 'granted'
  setWish(allowed === 'granted' && obstacle() === undefined)
  return isOn()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('storage', listener)
  }
}

const now = (): string => `${wishes()} ${obstacle() ?? ''}`

/** Whether one is told in this browser, and what stands in the way; followed through all tabs. */
export function useWish(): { readonly on: boolean; readonly obstacle: Obstacle | undefined } {
  useSyncExternalStore(subscribe, now)
  return { on: isOn(), obstacle: obstacle() }
}
