import { useEffect, useRef } from 'react'
import type { Standing } from './page-session.ts'

/** Whoever has just signed in goes on from the beginning of the page: the form that had the focus is gone. */
export function useArrival(at: Standing['at']): void {
  const outside = useRef(false)
  useEffect(() => {
    if (at !== 'Inside') {
      outside.current = at === 'Outside'
      return
    }
    if (!outside.current) return
    outside.current = false
    const arrive = (): boolean => {
      const main = document.getElementById('main')
      const now = document.activeElement
      if (main !== null && (now === null || now === document.body)) main.focus({ preventScroll: true })
      return main !== null
    }
    if (arrive()) return
    const watch = new MutationObserver(() => {
      if (arrive()) watch.disconnect()
    })
    watch.observe(document.body, { childList: true, subtree: true })
    return () => watch.disconnect()
  }, [at])
}
