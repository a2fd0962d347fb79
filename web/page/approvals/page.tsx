import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Approval } from '../api/types.ts'
import { History } from '../history/history.tsx'
import { useHere, useSnapshot } from '../live/hooks.ts'
import { useProject } from '../live/project.ts'
import { go, usePlace } from '../router.ts'
import { useChosen } from './chosen.ts'
import { Detail, type DetailHandle } from './detail.tsx'
import { EmptyState } from './empty.tsx'
import { useKeptFocus } from './kept-focus.ts'
import { Notices, useNotices } from './notices.tsx'
import { Queue, type QueueHandle } from './queue/queue.tsx'
import { Help, useKeys } from './shortcuts.tsx'
import './desk.css'

/** What waits, nearest deadline first; the chosen request in full beside it; the history beneath. */
export function ApprovalsPage({ name }: { name: string | undefined }) {
  const { project, feed } = useHere()
  const { pending } = useSnapshot()
  // Known from the beginning, and kept while one request after the other is shown.
  useProject()
  const { shown, error } = useChosen(name)
  const { notices, say, dismiss } = useNotices()
  const [help, setHelp] = useState(false)
  const detail = useRef<DetailHandle>(null)
  const queue = useRef<QueueHandle>(null)
  const chosen = useRef<HTMLElement>(null)
  const narrow = useNarrow()
  const select = useCallback(
    (next: string | undefined, how: 'push' | 'replace' = 'push') =>
      go({ project, section: 'approvals', ...(next === undefined ? {} : { name: next }) }, how),
    [project],
  )
  // Chosen once: a nearer deadline that comes in does not slip under somebody's finger.
  const first = pending?.[0]?.name
  const { run, settings = false } = usePlace()
  useEffect(() => {
    // What is open over the page stays open.
    const covered = run !== undefined || settings
    if (name === undefined && !narrow && !covered && first !== undefined) select(first, 'replace')
  }, [name, narrow, run, settings, first, select])

  // What one decides oneself is said by the answer.
  const { mine } = feed
  const shownName = shown?.name
  useEffect(
    () =>
      feed.onSettled((settled, phase) => {
        if (settled === shownName && !mine.has(settled)) {
          say(`${settled} was settled elsewhere: ${phase}.`)
        }
      }),
    [feed, mine, shownName, say],
  )
  const deciding = useCallback(
    (...names: readonly string[]) => {
      for (const one of names) mine.add(one)
    },
    [mine],
  )
  const decided = useCallback(
    (approval: Approval, words: string) => {
      deciding(approval.name)
      say(words)
      // It stays in view, settled: the next one must not stand where the second half of a double click falls.
      feed.learn(approval)
    },
    [feed, deciding, say],
  )
  const lost = useCallback(
    (names: readonly string[]) => {
      const others = names.filter(one => !mine.has(one))
      if (others.length === 1) say(`${others[0]} was settled elsewhere: it is not selected any more.`)
      if (others.length > 1) say(`${others.length} of those you selected were settled elsewhere.`)
    },
    [mine, say],
  )
  const keys = useMemo(
    () => ({
      a: () => queue.current?.approve() || detail.current?.approve(),
      r: () => queue.current?.reject() || detail.current?.reject(),
      j: () => queue.current?.move(1),
      k: () => queue.current?.move(-1),
      x: () => queue.current?.select(),
      '/': () => queue.current?.search(),
      '?': () => setHelp(true),
    }),
    [],
  )
  useKeys(keys)
  const choose = useCallback((approval: Approval) => select(approval.name), [select])
  const step = useCallback((approval: Approval) => select(approval.name, 'replace'), [select])

  const empty = pending?.length === 0 && shown === undefined && error === undefined
  useKeptFocus(chosen, '#request-title', !empty)
  return (
    <>
      <Notices notices={notices} onDismiss={dismiss} />
      {empty ? (
        <EmptyState />
      ) : (
        <div className="desk" data-open={shown !== undefined || error !== undefined}>
          <Queue
            ref={queue}
            chosen={shown}
            onChoose={choose}
            onStep={step}
            onHelp={() => setHelp(true)}
            onDeciding={deciding}
            onLost={lost}
          />
          <section ref={chosen} className="chosen" aria-label="The request">
            {shown !== undefined && (
              <Detail
                key={shown.uid}
                ref={detail}
                approval={shown}
                onDeciding={deciding}
                onDecided={decided}
                onBack={() => select(undefined)}
              />
            )}
            {shown === undefined && error !== undefined && <p className="empty">{error.message}</p>}
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
