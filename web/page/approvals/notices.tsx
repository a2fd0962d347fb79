import { useCallback, useRef, useState } from 'react'

interface Notice {
  readonly key: number
  readonly words: string
}

const MOST = 3

/** What happened, newest first, until it is dismissed or newer things happened. */
export function useNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const next = useRef(0)
  const say = useCallback(
    (words: string) => setNotices(old => [{ key: next.current++, words }, ...old].slice(0, MOST)),
    [],
  )
  const dismiss = useCallback(
    (key: number) => setNotices(old => old.filter(notice => notice.key !== key)),
    [],
  )
  return { notices, say, dismiss }
}

interface Props {
  readonly notices: readonly Notice[]
  onDismiss(key: number): void
}

export function Notices({ notices, onDismiss }: Props) {
  return (
    <div className="notices" aria-live="polite">
      {notices.map(({ key, words }) => (
        <div key={key} className="notice">
          {words}
          <button type="button" aria-label="Dismiss" onClick={() => onDismiss(key)}>
            ×
          </button>
        </div>
      ))}
    </div>
  )
}
