import { Alert, Button, Paper } from '@mantine/core'
import type { ReactNode } from 'react'
import { Logo } from '../shell/logo.tsx'
import { SignInForm } from './form.tsx'
import { usePageSession } from './hooks.ts'
import './sign-in.css'

/** Where one signs in; `why` says why one is not signed in any more. */
export function SignIn({ why }: { why: string | undefined }) {
  return (
    <Card>
      <h1>Sign in to decide</h1>
      <p className="faint">
        With a token that your cluster accepts, or with an API key. You decide under your own name, with the
        rights that the cluster gives you.
      </p>
      {why !== undefined && (
        <Alert color="gray" mt="md" title="You are signed out">
          {why}
        </Alert>
      )}
      <SignInForm />
      <p className="hint">
        It is sent once and not kept: this browser gets a session, good for some hours in all its tabs. Your
        token is the one that kubectl sends for you; where it stands in your kubeconfig,{' '}
        <code>kubectl config view --raw --minify</code> shows it. API keys are made on this page.
      </p>
    </Card>
  )
}

/** The gateway does not say who is signed in. */
export function NoAnswer({ why }: { why: string }) {
  const session = usePageSession()
  return (
    <Card>
      <h1>The gateway does not answer</h1>
      <p className="faint" role="alert">
        {why} It is asked again every few seconds.
      </p>
      <Button mt="md" onClick={() => void session.look()}>
        Try now
      </Button>
    </Card>
  )
}

function Card({ children }: { children: ReactNode }) {
  return (
    <main className="sign-in">
      <Paper className="sign-in-card" withBorder shadow="sm" radius="lg" p="xl">
        <Logo />
        {children}
      </Paper>
    </main>
  )
}
