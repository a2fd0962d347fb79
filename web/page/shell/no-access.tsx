import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useHere, useSnapshot } from '../live/hooks.ts'
import { Link } from './shell.tsx'

interface Props {
  readonly projects: readonly string[]
  /** Reads the projects again. */
  onProjects(): void
}

/**
 * In place of a project that one may not see, or not any more. It is asked for again every few seconds, so that whoever
 * is added finds it open.
 */
export function NoAccess({ projects, onProjects }: Props) {
  const { project, feed, username } = useHere()
  const { pending } = useSnapshot()
  // Whether it was shown before, which what is asked for again does not change.
  const [lost] = useState(pending !== undefined)
  useEffect(onProjects, [onProjects])
  const others = projects.filter(name => name !== project)
  return (
    <div className="empty no-access" role="alert">
      <h1>{lost ? `You may not see ${project} any more` : `There is no project ${project} for you`}</h1>
      <p>
        {lost
          ? `${username} is not among its members now, or the project is gone. What was shown here is hidden; what you decided stands.`
          : `None is called so, or ${username} is not among its members. An owner adds you with kubectl edit project, under spec.members.`}
      </p>
      <Button variant="default" onClick={() => feed.tryNow()}>
        Look again
      </Button>
      {others.length > 0 && (
        <>
          <h2>Your other projects</h2>
          <ul className="other-projects">
            {others.map(name => (
              <li key={name}>
                <Link place={{ project: name, section: 'approvals' }}>{name}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

/** In place of a section that does not exist. */
export function NoSection({ name }: { name: string }) {
  const { project } = useHere()
  return (
    <div className="empty no-access">
      <h1>There is no page “{name.slice(0, 60)}”</h1>
      <p>The address may be mistyped.</p>
      <Link place={{ project, section: 'approvals' }}>To what waits in {project}</Link>
    </div>
  )
}
