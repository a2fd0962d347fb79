import { Button } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import type { Api } from '../api/client.ts'
import { Feed } from '../live/feed.ts'
import { HereContext } from '../live/hooks.ts'
import { go, usePlace } from '../router.ts'
import { Logo } from './logo.tsx'
import { Shell } from './shell.tsx'

interface Props {
  readonly api: Api
  readonly username: string
  onSignOut(): void
}

/** Finds the project to show: that of the address, or the first that one may see. */
export function Projects({ api, username, onSignOut }: Props) {
  const place = usePlace()
  const [names, setNames] = useState<readonly string[]>()
  const [trouble, setTrouble] = useState<string>()
  useEffect(() => {
    api.get<{ items: { name: string }[] }>('/projects').then(
      ({ items }) => setNames(items.map(({ name }) => name).sort()),
      error => setTrouble(error.message),
    )
  }, [api])
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
  if (here !== undefined) {
    return (
      <HereContext value={here}>
        <Shell key={project} projects={names ?? []} place={place} onSignOut={onSignOut} />
      </HereContext>
    )
  }
  if (names === undefined && trouble === undefined) return null
  return (
    <main className="sign-in">
      <div className="empty">
        <Logo />
        <h1>{trouble === undefined ? 'No project yet' : 'Your projects cannot be listed'}</h1>
        <p>
          {trouble ??
            `${username} is a member of no project. An owner adds you with kubectl edit project, under spec.members.`}
        </p>
        <Button variant="default" onClick={onSignOut}>
          Sign out
        </Button>
      </div>
    </main>
  )
}
