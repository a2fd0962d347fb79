import { Button } from '@mantine/core'
import { useRef, useState } from 'react'
import { Refused } from '../api/client.ts'
import type { NotificationTest } from '../api/types.ts'
import { When } from '../lists/when.tsx'
import { useHere } from '../live/hooks.ts'
import { Said } from '../text/text.tsx'

interface Props {
  readonly channel: NotificationTest['channel']
  readonly target: string
  readonly label: string
  /** Why it cannot be tried now. */
  readonly instead?: string
}

type State =
  | { readonly kind: 'Sending' }
  | { readonly kind: 'Answered'; readonly test: NotificationTest }
  | { readonly kind: 'Refused'; readonly error: Error }

/** Sends one test message by what is saved, and says beside it what became of it. */
export function TestButton({ channel, target, label, instead }: Props) {
  const { api, project } = useHere()
  const [state, setState] = useState<State>()
  const sending = useRef(false)
  const send = async () => {
    if (sending.current) return
    sending.current = true
    setState({ kind: 'Sending' })
    const path = `/projects/${encodeURIComponent(project)}/notifications/test`
    setState(
      await api.post<NotificationTest>(path, { channel, target }).then(
        test => ({ kind: 'Answered', test }) as const,
        (error: Error) => ({ kind: 'Refused', error }) as const,
      ),
    )
    sending.current = false
  }
  return (
    <div className="settings-test">
      <Button
        size="compact-sm"
        variant="default"
        disabled={instead !== undefined}
        // Not `disabled` while it is under way: the focus would be lost.
        {...(state?.kind === 'Sending' ? { 'aria-disabled': true, 'data-disabled': true } : {})}
        onClick={() => void send()}
      >
        {label}
      </Button>
      <span role="status">{instead ?? (state !== undefined && <Answer state={state} />)}</span>
    </div>
  )
}

function Answer({ state }: { state: State }) {
  if (state.kind === 'Sending') return <span className="faint">Sending…</span>
  if (state.kind === 'Refused') return <span className="trouble">{wordsOf(state.error)}</span>
  const { state: became, message, at } = state.test
  return (
    <span className={became === 'Sent' ? 'settings-sent' : 'trouble'}>
      <strong>{became === 'Sent' ? 'Sent' : 'Not sent'}</strong> <When time={at} />: <Said text={message} />
    </span>
  )
}

const wordsOf = (error: Error): string =>
  error instanceof Refused && error.errors.length > 0
    ? error.errors.map(({ message }) => message).join(' ')
    : error.message
