import { Button } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Api } from '../api/client.ts'
import { Feed } from '../live/feed.ts'
import { HereContext } from '../live/hooks.ts'
import { go, usePlace } from '../router.ts'
import { SignInAgain } from '../sign-in/again.tsx'
import type { Who } from '../sign-in/who.ts'
import { Logo } from './logo.tsx'
import { Shell } from './shell.tsx'
import { UserMenu } from './user-menu.tsx'

interface Props {
  readonly who: Who
  /** Why one must sign in again; what is shown stays beneath. */
  readonly ended: string | undefined
}

/** Finds the project to show: that of the address, or the first that one may see. */
export function Projects({ who, ended }: Props) {
  const { api, username } = who
  const place = usePlace()
  const { names, trouble, read } = useProjects(api)
  const [signingIn, setSigningIn] = useState(false)
  const again = () => setSigningIn(true)
  const { project } = place
  const first = names?.[0]
  useEffect(() => {
    if (project === undefined && first !== undefined) go({ project: first, section: 'approvals' }, 'replace')
  }, [project, first])
  const [live, setLive] = useState<Feed>()
  useEffect(() => {
    if (project === undefined) return
    const begun = new Feed(api, project)
    setLive(begun)
    return begun.start()
  }, [api, project])
  const here = useMemo(
    () =>
      project === undefined || live === undefined || live.project !== project
        ? undefined
        : { api, project, feed: live, username },
    [api, project, live, username],
  )
  return (
    <>
      {here !== undefined && (
        <HereContext value={here}>
          <Shell
            key={project}
            projects={names ?? []}
            place={place}
            who={who}
            onSignInAgain={again}
            onProjects={read}
          />
        </HereContext>
      )}
      {here === undefined && (names !== undefined || trouble !== undefined) && (
        <main className="nowhere">
          <div className="empty">
            <Logo />
            <h1>{trouble === undefined ? 'No project yet' : 'Your projects cannot be listed'}</h1>
            <p>
              {trouble ??
                `${username} is a member of no project. An owner adds you with kubectl edit project, under spec.members.`}
            </p>
            <div className="nowhere-buttons">
              <Button onClick={read}>Look again</Button>
              <UserMenu who={who} onSignInAgain={again} />
            </div>
          </div>
        </main>
      )}
      <SignInAgain username={username} ended={ended} opened={signingIn} onClose={() => setSigningIn(false)} />
    </>
  )
}

/** Names of the projects that one may see, by the alphabet; `read` reads them again. */
function useProjects(api: Api) {
  const [names, setNames] = useState<readonly string[]>()
  const [trouble, setTrouble] = useState<string>()
  const last = useRef(0)
  const read = useCallback(() => {
    const mine = ++last.current
    api.get<{ items: { name: string }[] }>('/projects').then(
      ({ items }) => {
        if (mine !== last.current) return
        setNames(items.map(({ name }) => name).sort())
        setTrouble(undefined)
      },
      error => mine === last.current && setTrouble(error.message),
    )
  }, [api])
  useEffect(() => {
    read()
    return () => {
      last.current++
    }
  }, [read])
  return { names, trouble, read }
}
