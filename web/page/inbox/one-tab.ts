// Which of the tabs of a browser tells: locks are the browser's own, and end with their tab, however that ends.

/** Holds a lock until it is let go. Undefined where the browser has none. */
function hold(name: string, mode: LockMode, held: () => void = () => {}): () => void {
  const waiting = new AbortController()
  let letGo = () => {}
  navigator.locks
    ?.request(name, { mode, signal: waiting.signal }, () => {
      held()
      return new Promise<void>(resolve => {
        letGo = resolve
      })
    })
    // It was let go before it was held.
    .catch(() => {})
  return () => {
    waiting.abort()
    letGo()
  }
}

export interface OneTab {
  /** Whether it is this tab that tells, and nobody has the page before their eyes in another. */
  mayTell(): Promise<boolean>
  end(): void
}

/** Chooses one of all tabs that show the same project to the same person, until each ends. */
export function oneTab(project: string, username: string): OneTab {
  const looking = `countersign looks ${JSON.stringify([project, username])}`
  let chosen = false
  const resign = hold(`countersign tells ${JSON.stringify([project, username])}`, 'exclusive', () => {
    chosen = true
  })
  let lookAway = () => {}
  const turned = () => {
    lookAway()
    lookAway = document.hidden ? () => {} : hold(looking, 'shared')
  }
  turned()
  document.addEventListener('visibilitychange', turned)
  return {
    mayTell: async () => {
      if (!chosen || !document.hidden) return false
      const { held = [] } = await navigator.locks.query()
      return !held.some(({ name }) => name === looking)
    },
    end: () => {
      document.removeEventListener('visibilitychange', turned)
      lookAway()
      resign()
      chosen = false
    },
  }
}
