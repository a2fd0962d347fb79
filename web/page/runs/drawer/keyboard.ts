import { useEffect, useLayoutEffect, useRef } from 'react'

interface Opener {
  readonly element: Element
  readonly href: string | null
}

// Of the one drawer that there is; not of a component, as each run's drawer is another.
let opener: Opener | undefined

/** When the drawer closes the focus goes back to where it was: to the same element, or one that leads to the same place. */
export function useFocusBack(open: boolean): void {
  // Before the drawer takes the focus.
  useLayoutEffect(() => {
    const element = document.activeElement ?? document.body
    // From one run to the next it is the first of them that was opened from somewhere.
    if (!open || (opener !== undefined && (element === document.body || isInside(element)))) return
    opener = { element, href: element.getAttribute('href') }
  }, [open])
  useEffect(() => {
    const from = opener
    if (open || from === undefined) return
    opener = undefined
    const timer = setTimeout(() => {
      const now = document.activeElement ?? document.body
      // Somebody is elsewhere already.
      if (now !== document.body && !isInside(now)) return
      const { element, href } = from
      const same = element.isConnected && element !== document.body ? element : undefined
      const alike = href === null ? null : document.querySelector(`main a[href="${CSS.escape(href)}"]`)
      const target = same ?? alike ?? document.querySelector('main')
      if (target instanceof HTMLElement) target.focus({ preventScroll: same !== undefined })
    })
    return () => clearTimeout(timer)
  }, [open])
}

const isInside = (element: Element): boolean => element.closest('.run-drawer') !== null

/** Esc closes the drawer; not where something over it is open, and out of a field only the field is left. */
export function useEscape(open: boolean, close: () => void): void {
  const current = useRef(close)
  useEffect(() => {
    current.current = close
  })
  useEffect(() => {
    if (!open) return
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return
      const drawer = document.querySelector('.run-drawer')
      if ([...document.querySelectorAll('[role=dialog]')].at(-1) !== drawer) return
      const target = event.target as HTMLElement
      if (target.matches('textarea, input, select')) {
        drawer?.querySelector<HTMLElement>('.run-drawer-title')?.focus({ preventScroll: true })
      } else current.current()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [open])
}
