import { Popover } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useBell } from './hooks.ts'
import { News } from './news.tsx'
import './bell.css'

/** What came since one looked last: how much of it, and on opening what. */
export function Bell() {
  const { bell, state } = useBell()
  const [open, setOpen] = useState(false)
  const unread = state?.unread ?? 0
  // Wherever the focus is: what had it may be gone from the list.
  useEffect(() => {
    if (!open) return
    const close = ({ key }: KeyboardEvent) => key === 'Escape' && setOpen(false)
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [open])
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      width="min(400px, calc(100vw - 16px))"
      trapFocus
      returnFocus
      transitionProps={{ duration: 0 }}
      zIndex={900}
      classNames={{ dropdown: 'news' }}
    >
      <Popover.Target>
        <button
          type="button"
          className="bell"
          aria-label={unread === 0 ? 'Nothing unread' : `${unread} unread`}
          title="What came since you looked last"
          onClick={() => setOpen(!open)}
        >
          <BellSign />
          {unread > 0 && (
            <span className="count bell-count" aria-hidden="true">
              {unread > 99 ? '99+' : unread}
            </span>
          )}
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-labelledby="news-title">
        {open && bell !== undefined && state !== undefined && (
          <News bell={bell} state={state} onClose={() => setOpen(false)} />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

function BellSign() {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor">
      <path
        d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
