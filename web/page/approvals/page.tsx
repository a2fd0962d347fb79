import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Approval } from '../api/types.ts'
import { History } from '../history/history.tsx'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'
import { go } from '../router.ts'
import { Detail, type DetailHandle } from './detail.tsx'
import { EmptyState } from './empty.tsx'
import { PendingRow } from './row.tsx'
import { Help, useKeys } from './shortcuts.tsx'
import './queue.css'

/** What waits, nearest deadline first; the chosen request in full beside it; the history beneath. */
export function ApprovalsPage({ name }: { name: string | undefined }) {
  const { api, project, feed } = useHere()
  const { pending, changes } = useSnapshot()
  const waiting = pending ?? []
  const [notices, setNotices] = useState<readonly string[]>([])
  const [help, setHelp] = useState(false)
  const handle = useRef<DetailHandle>(null)
  const narrow = useNarrow()
  const select = useCallback(
    (next: string | undefined, how: 'push' | 'replace' = 'push') =>
      go({ project, section: 'approvals', ...(next === undefined ? {} : { name: next }) }, how),
    [project],
  )
  const known = waiting.find(item => item.name === name)
  // One that is not pending (any more), by its own address.
  const path = `/projects/${project}/approvals/${name}`
  const other = useLoaded<Approval | undefined>(
    signal =>
      name === undefined || known !== undefined ? Promise.resolve(undefined) : api.get(path, {}, signal),
    `${name} ${known !== undefined}`,
    changes,
  )
  // What was shown stays until it has been read again.
  const last = useRef<Approval>(undefined)
  const shown = known ?? other.value ?? (last.current?.name === name ? last.current : undefined)
  useEffect(() => {
    if (shown !== undefined) last.current = shown
  })
  // Chosen once: a nearer deadline that comes in does not slip under somebody's finger.
  const first = waiting[0]?.name
  useEffect(() => {
    if (name === undefined && !narrow && first !== undefined) select(first, 'replace')
  }, [name, narrow, first, select])

  const mine = useRef(new Set<string>())
  useEffect(
    () =>
      feed.onSettled((settled, phase) => {
        if (mine.current.has(settled)) return
        setNotices(old => [`${settled} was settled elsewhere: ${phase}.`, ...old].slice(0, 3))
      }),
    [feed],
  )
  const decided = useCallback(
    (approval: Approval, words: string) => {
      mine.current.add(approval.name)
      setNotices(old => [words, ...old].slice(0, 3))
      // It stays in view, settled: the next one must not stand where the second half of a double click falls.
      feed.learn(approval)
    },
    [feed],
  )
  const deciding = useCallback((decidedName: string) => mine.current.add(decidedName), [])

  const at = waiting.findIndex(item => item.name === shown?.name)
  const move = (by: number) => {
    const next = waiting[Math.min(waiting.length - 1, Math.max(0, at + by))]
    if (next !== undefined) select(next.name, 'replace')
  }
  const keys = useMemo(
    () => ({
      a: () => handle.current?.approve(),
      r: () => handle.current?.reject(),
      '?': () => setHelp(true),
    }),
    [],
  )
  useKeys({ ...keys, j: () => move(1), k: () => move(-1) })

  return (
    <>
      <div className="notices" aria-live="polite">
        {notices.map((words, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: words may repeat
          <div key={i} className="notice">
            {words}
            <button
              type="button"
              aria-label="Dismiss"
              onClick={() => setNotices(notices.filter((_, j) => j !== i))}
            >
              ×
            </button>
          </div>
        ))}
      </div>
      {pending !== undefined && waiting.length === 0 && shown === undefined && other.error === undefined ? (
        <EmptyState />
      ) : (
        <div className="desk" data-open={shown !== undefined}>
          <section className="queue" aria-label="Pending approvals">
            <h1>
              {waiting.length === 0 ? 'Nothing waits' : `${waiting.length} waiting`}
              <button type="button" className="fold" onClick={() => setHelp(true)}>
                keys <kbd>?</kbd>
              </button>
            </h1>
            <ul>
              {waiting.map(item => (
                <PendingRow
                  key={item.uid}
                  approval={item}
                  chosen={item.name === shown?.name}
                  onChoose={select}
                />
              ))}
            </ul>
          </section>
          <section className="chosen" aria-label="The request">
            {shown !== undefined && (
              <Detail
                key={shown.uid}
                ref={handle}
                approval={shown}
                onDeciding={deciding}
                onDecided={decided}
                onBack={() => select(undefined)}
              />
            )}
            {shown === undefined && other.error !== undefined && (
              <p className="empty">{other.error.message}</p>
            )}
          </section>
        </div>
      )}
      <History />
      <Help opened={help} onClose={() => setHelp(false)} />
    </>
  )
}

function useNarrow(): boolean {
  const query = useMemo(() => matchMedia('(max-width: 800px)'), [])
  const [narrow, setNarrow] = useState(query.matches)
  useEffect(() => {
    const change = () => setNarrow(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [query])
  return narrow
}
