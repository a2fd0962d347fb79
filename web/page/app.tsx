import { useEffect } from 'react'
import { Projects } from './shell/projects.tsx'
import { useArrival } from './sign-in/arrival.ts'
import { useStanding } from './sign-in/hooks.ts'
import { NoAnswer, SignIn } from './sign-in/sign-in.tsx'

/** The page: signed in or not. */
export function App() {
  const standing = useStanding()
  const inside = standing.at === 'Inside'
  useArrival(standing.at)
  // What waits, and where, is for nobody who is not signed in.
  useEffect(() => {
    if (!inside) document.title = 'Countersign'
  }, [inside])
  switch (standing.at) {
    case 'Looking':
      return null
    case 'Silent':
      return <NoAnswer why={standing.why} />
    case 'Outside':
      return <SignIn why={standing.why} />
    case 'Inside':
      return <Projects key={standing.who.id} who={standing.who} ended={standing.ended} />
  }
}
