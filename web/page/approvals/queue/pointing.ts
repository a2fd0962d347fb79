import { type MouseEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react'

/** So long after the last movement somebody may still be about to click. */
const STILL_MS = 2000
/** So long after lines moved beneath a pointer, a click was meant for what stood there before. */
const MOVED_MS = 300

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

/**
 * Remembers when lines moved beneath a pointer that rests; its click right after that was meant for what stood there
 * before. Whoever moves their pointer, moves it to what they see.
 */
export function useMoved(element: RefObject<HTMLElement | null>) {
  const at = useRef(Number.NEGATIVE_INFINITY)
  const pointed = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    const { current } = element
    const move = () => {
      pointed.current = performance.now()
    }
    current?.addEventListener('pointermove', move)
    return () => current?.removeEventListener('pointermove', move)
  }, [element])
  const moved = useCallback(() => {
    at.current = performance.now()
  }, [])
  const meant = useCallback(({ detail, nativeEvent }: MouseEvent): boolean => {
    // A click by a key goes where the focus is.
    if (detail === 0) return true
    const touch = (nativeEvent as PointerEvent).pointerType === 'touch'
    if (!touch && pointed.current > at.current) return true
    return performance.now() - at.current > MOVED_MS
  }, [])
  return { moved, meant }
}
