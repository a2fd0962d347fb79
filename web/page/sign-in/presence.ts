const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/**
 * Calls `here` when somebody is at the page: at once, and no more often than `everyMs()`; what happens in between counts
 * at its end. A page that is merely open is nobody.
 */
export function onPresence(here: () => void, everyMs: () => number): () => void {
  let last = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    timer = undefined
    last = performance.now()
    here()
  }
  const seen = () => {
    if (timer !== undefined) return
    const rest = last + everyMs() - performance.now()
    if (rest <= 0) tell()
    else timer = setTimeout(tell, rest)
  }
  const shown = () => {
    if (document.visibilityState === 'visible') seen()
  }
  for (const sign of signs) addEventListener(sign, seen, { passive: true, capture: true })
  document.addEventListener('visibilitychange', shown)
  return () => {
    clearTimeout(timer)
    for (const sign of signs) removeEventListener(sign, seen, { capture: true })
    document.removeEventListener('visibilitychange', shown)
  }
}
