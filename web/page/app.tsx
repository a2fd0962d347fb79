import { useMemo, useState } from 'react'
import { createApi } from './api/client.ts'
import { Projects } from './shell/projects.tsx'
import { SignIn } from './sign-in/sign-in.tsx'

interface SignedIn {
  readonly credential: string
  readonly username: string
}

/** The page: signed in or not. The credential is in the memory of this tab and nowhere else. */
export function App() {
  const [who, setWho] = useState<SignedIn>()
  const [why, setWhy] = useState<string>()
  const api = useMemo(
    () =>
      who &&
      createApi(who.credential, reason => {
        setWhy(reason)
        setWho(undefined)
      }),
    [who],
  )
  if (who === undefined || api === undefined) return <SignIn why={why} onSignedIn={setWho} />
  const signOut = () => {
    setWhy(undefined)
    setWho(undefined)
  }
  return <Projects api={api} username={who.username} onSignOut={signOut} />
}
