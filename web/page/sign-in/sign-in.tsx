import { Alert, Button, Paper, PasswordInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { createApi } from '../api/client.ts'
import { Logo } from '../shell/logo.tsx'
import './sign-in.css'

interface Props {
  /** Why one is not signed in any more. */
  readonly why: string | undefined
  onSignedIn(who: { credential: string; username: string }): void
}

/** Takes a token or an API key, and asks the gateway whose it is. */
export function SignIn({ why, onSignedIn }: Props) {
  const [text, setText] = useState('')
  const [trouble, setTrouble] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const credential = text.trim()
    if (!/^[\x21-\x7e]+$/.test(credential))
      return setTrouble('Paste a token or an API key: one line, no spaces.')
    setBusy(true)
    try {
      const { username } = await createApi(credential, () => {}).get<{ username: string }>('/me')
      onSignedIn({ credential, username })
    } catch (error) {
      setTrouble((error as Error).message)
      setBusy(false)
    }
  }
  return (
    <main className="sign-in">
      <Paper className="sign-in-card" withBorder shadow="sm" radius="lg" p="xl">
        <Logo />
        <h1>Sign in to decide</h1>
        <p className="faint">
          With a token that your cluster accepts, or with an API key. You decide under your own name, with the
          rights that the cluster gives you.
        </p>
        {why !== undefined && trouble === undefined && (
          <Alert color="yellow" mb="md" title="You are signed out">
            {why}
          </Alert>
        )}
        <form onSubmit={submit}>
          <PasswordInput
            label="Token or API key"
            placeholder="eyJhbGciOi… or csk_…"
            autoComplete="off"
            spellCheck={false}
            autoFocus
            size="md"
            value={text}
            onChange={event => setText(event.currentTarget.value)}
            error={trouble}
          />
          <Button type="submit" size="md" mt="md" fullWidth loading={busy}>
            Sign in
          </Button>
        </form>
        <p className="hint">
          It stays in the memory of this tab: reload the page and you are asked again. To get a token:
          <code>kubectl create token NAME</code> or what your kubeconfig uses.
        </p>
      </Paper>
    </main>
  )
}
