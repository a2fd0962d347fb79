import { type RefObject, useEffect, useRef, useState } from 'react'

/** So long after the last movement somebody may still be about to click. */
const STILL_MS = 2000
/** So long after lines moved beneath a pointer, a click was meant for what stood there before. */
const MOVED_MS = 400

/** Whether somebody points at `element` just now, by mouse, pen or finger. */
export function usePointing(element: RefObject<HTMLElement | null>): boolean {
  const [pointing, setPointing] = useState(false)
  useEffect(() => {
    const { current } = element
    if (current === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const begin = () => {
      clearTimeout(timer)
      timer = setTimeout(() => setPointing(false), STILL_MS)
      setPointing(true)
    }
    const leave = (event: PointerEvent) => {
      // A finger leaves as soon as it is lifted, and comes back.
      if (event.pointerType !== 'mouse') return
      clearTimeout(timer)
      setPointing(false)
    }
    current.addEventListener('pointermove', begin)
    current.addEventListener('pointerdown', begin)
    current.addEventListener('pointerleave', leave)
    return () => {
      clearTimeout(timer)
      current.removeEventListener('pointermove', begin)
      current.removeEventListener('pointerdown', begin)
      current.removeEventListener('pointerleave', leave)
    }
  }, [element])
  return pointing
}

/** Remembers when lines moved; a click of a pointer right after that is none. */
export function useMoved(): { moved(): void; meant(event: { readonly detail: number }): boolean } {
  const at = useRef(Number.NEGATIVE_INFINITY)
  const functions = useRef({
    moved: () => {
      at.current = performance.now()
    },
    // `detail` is 0 for a click by a key: that goes where the focus is.
    meant: ({ detail }: { readonly detail: number }) =>
      detail === 0 || performance.now() - at.current > MOVED_MS,
  })
  return functions.current
}
