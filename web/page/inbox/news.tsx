import { Button } from '@mantine/core'
import { type MouseEvent, useEffect, useRef } from 'react'
import type { InboxItem } from '../api/types.ts'
import { PhaseBadge } from '../approvals/phase.tsx'
import { When } from '../lists/when.tsx'
import { useHere, useSnapshot } from '../live/hooks.ts'
import { go, type Place, urlOf } from '../router.ts'
import { Said } from '../text/text.tsx'
import { useVisible } from './hooks.ts'
import type { BellFeed, BellState } from './inbox.ts'
import { NotifySwitch } from './notify-switch.tsx'

/** So long something is before somebody's eyes before they have seen it. */
const LOOK_MS = 700

interface Props {
  readonly bell: BellFeed
  readonly state: BellState
  onClose(): void
}

/** What the bell holds. What is new stays marked until it is closed, though it counts as seen once it was shown. */
export function News({ bell, state, onClose }: Props) {
  const { items, unread, kept, notRead, notKept } = state
  const { connection } = useSnapshot()
  const fresh = useRef(new Set<string>())
  for (const item of items ?? []) if (item.unread) fresh.current.add(item.id)
  const shown = items?.filter(item => item.unread).length ?? 0
  const newest = items?.[0]?.at
  // A mark is a time: where older ones are not shown, only the person can say that they are seen too.
  const all = shown === unread
  const visible = useVisible()
  useEffect(() => {
    if (newest === undefined || unread === 0 || !all || !visible) return
    let stop = () => {}
    const timer = setTimeout(() => {
      stop = bell.see(newest)
    }, LOOK_MS)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [bell, newest, unread, all, visible])
  const markAll = () => {
    if (unread === 0) return
    fresh.current.clear()
    if (newest !== undefined) bell.see(newest)
  }
  return (
    <>
      <div className="news-head">
        <h2 id="news-title" tabIndex={-1} data-autofocus>
          What is new
        </h2>
        {/* Never disabled for the browser: it would take the focus away from whoever pressed it. */}
        <Button
          size="compact-xs"
          variant="default"
          {...(unread === 0 ? { 'data-disabled': true, 'aria-disabled': true } : {})}
          onClick={markAll}
        >
          Mark all as read
        </Button>
      </div>
      {connection.state === 'Lost' && <p className="news-note">Disconnected: this may be old.</p>}
      {[notRead, notKept].map(
        trouble =>
          trouble !== undefined && (
            <p key={trouble} className="news-note trouble" role="alert">
              {trouble}
            </p>
          ),
      )}
      {!all && unread > 0 && (
        <p className="news-note">
          {shown} of {unread} unread are shown here. All that waits is under Approvals.
        </p>
      )}
      {items?.length === 0 && (
        <p className="news-empty">
          Nothing yet. Requests that you are to hear of come here, and the verdicts of runs that you start.
        </p>
      )}
      {items !== undefined && items.length > 0 && (
        <ul className="news-list" aria-label="What is new, newest first">
          {items.map(item => (
            <li key={item.id}>
              <Item item={item} isNew={item.unread || fresh.current.has(item.id)} onOpen={onClose} />
            </li>
          ))}
        </ul>
      )}
      {!kept && (
        <p className="news-note">
          What you have seen is remembered by this gateway alone, until it restarts: whoever runs Countersign
          should apply its manifests anew.
        </p>
      )}
      <NotifySwitch />
    </>
  )
}

const AGAIN: Readonly<Record<NonNullable<InboxItem['event']>, string>> = {
  Requested: 'asked for by ',
  Reminded: 'reminder: still asked for by ',
  Escalated: 'escalated to you: asked for by ',
}

function Item({ item, isNew, onOpen }: { item: InboxItem; isNew: boolean; onOpen(): void }) {
  const { project } = useHere()
  const { name, agent, tool, run, phase } = item.approval
  const place: Place = { project, section: 'approvals', name }
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    onOpen()
    go(place)
  }
  return (
    <a href={urlOf(place)} onClick={open} className="news-item" data-new={isNew}>
      <span className="news-line">
        {isNew && <span className="news-new">New</span>}
        <strong className="news-tool">
          <Said text={tool} />
        </strong>
        <span className="news-when">
          <When time={item.at} />
        </span>
      </span>
      <span className="news-line faint">
        <span className="news-words">
          {item.type === 'RunVerdict'
            ? `verdict on your run ${run}`
            : `${AGAIN[item.event ?? 'Requested']}${agent}`}
        </span>
        <PhaseBadge phase={phase} />
      </span>
    </a>
  )
}
