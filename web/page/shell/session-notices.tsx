import { Button } from '@mantine/core'
import { useState } from 'react'
import { useNow } from '../live/hooks.ts'
import type { Who } from '../sign-in/who.ts'
import { moment, span } from '../text/time.ts'

/** Before the end one has so long to sign in again. */
const WARN_MS = 5 * 60_000

interface Props {
  readonly who: Who
  onSignInAgain(): void
}

/** What one should know of how one is signed in: that it ends soon, that there is no session. */
export function SessionNotices({ who, onSignInAgain }: Props) {
  const { session, noSession } = who
  return (
    <>
      {noSession !== undefined && <InMemory why={noSession} />}
      {session !== undefined && <EndsSoon expiresAt={session.expiresAt} onSignInAgain={onSignInAgain} />}
    </>
  )
}

function InMemory({ why }: { why: string }) {
  const [open, setOpen] = useState(true)
  if (!open) return null
  return (
    <div className="banner notice-banner" role="status">
      <div>
        <strong>You are signed in in this tab alone.</strong> What you pasted stays in its memory and goes
        with each request; when you reload, or open another tab, you are asked again. {why}
      </div>
      <Button size="compact-xs" variant="default" onClick={() => setOpen(false)}>
        Understood
      </Button>
    </div>
  )
}

function EndsSoon({ expiresAt, onSignInAgain }: { expiresAt: string; onSignInAgain(): void }) {
  const now = useNow()
  const left = Date.parse(expiresAt) - now
  if (left > WARN_MS || left <= 0) return null
  return (
    <div className="banner notice-banner" role="status">
      <div>
        <strong>You are signed out at {moment(expiresAt, now)}</strong>
        <span aria-hidden="true">, in {span(left)}</span>. Sign in again and go on without a break.
      </div>
      <Button size="compact-xs" variant="default" onClick={onSignInAgain}>
        Sign in again
      </Button>
    </div>
  )
}
