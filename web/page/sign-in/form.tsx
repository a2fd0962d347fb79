import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { Refused } from '../api/client.ts'
import { usePageSession } from './hooks.ts'

/** Takes a token or an API key, once: it is sent to sign in and then forgotten. */
export function SignInForm({ button = 'Sign in', onDone }: { button?: string; onDone?: () => void }) {
  const session = usePageSession()
  const [text, setText] = useState('')
  const [trouble, setTrouble] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [wait, holdUp] = useCountdown()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || wait > 0) return
    const token = text.trim()
    if (!/^[\x21-\x7e]+$/.test(token)) return setTrouble('Paste a token or an API key: one line, no spaces.')
    setBusy(true)
    setTrouble(undefined)
    try {
      await session.signIn(token)
      setText('')
      onDone?.()
    } catch (error) {
      setTrouble((error as Error).message)
      if (error instanceof Refused) holdUp(error.retryAfterSeconds ?? 0)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit}>
      <PasswordInput
        label="Token or API key"
        placeholder="eyJhbGciOi… or csk_…"
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        autoFocus
        size="md"
        value={text}
        onChange={event => setText(event.currentTarget.value)}
        error={trouble}
        errorProps={{ role: 'alert' }}
      />
      <Button type="submit" size="md" mt="md" fullWidth loading={busy} disabled={wait > 0}>
        {wait > 0 ? `Again in ${wait} s` : button}
      </Button>
    </form>
  )
}

/** Seconds that are left, and what begins to count down from so many. */
function useCountdown(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0)
  const [now, setNow] = useState(0)
  const left = Math.max(0, Math.ceil((until - now) / 1000))
  useEffect(() => {
    if (left === 0) return
    const timer = setTimeout(() => setNow(performance.now()), 200)
    return () => clearTimeout(timer)
  })
  const begin = (seconds: number) => {
    setNow(performance.now())
    setUntil(performance.now() + seconds * 1000)
  }
  return [left, begin]
}
