import { type RefObject, useEffect } from 'react'

/**
 * Where what had the focus in a part of the page goes away (a reason that was sent, a request that gave way to the next),
 * the focus goes to the heading of that part, not to nowhere: whoever works by keys goes on from there, and a screen
 * reader says what is shown now. Nothing happens to whoever points elsewhere.
 * `present`: whether the part is there.
 */
export function useKeptFocus(part: RefObject<HTMLElement | null>, heading: string, present: boolean): void {
  useEffect(() => {
    const root = part.current
    if (!present || root === null) return
    let inside = false
    const come = ({ target }: FocusEvent) => {
      inside = target instanceof Node && root.contains(target)
    }
    const point = () => {
      inside = false
    }
    const watch = new MutationObserver(() => {
      const now = document.activeElement
      if (!inside || (now !== null && now !== document.body)) return
      root.querySelector<HTMLElement>(heading)?.focus({ preventScroll: true })
    })
    document.addEventListener('focusin', come)
    document.addEventListener('pointerdown', point)
    watch.observe(root, { childList: true, subtree: true })
    return () => {
      document.removeEventListener('focusin', come)
      document.removeEventListener('pointerdown', point)
      watch.disconnect()
    }
  }, [part, heading, present])
}
