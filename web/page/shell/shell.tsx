import { type MouseEvent, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { ApprovalsPage } from '../approvals/page.tsx'
import { Bell } from '../inbox/bell.tsx'
import { useHere, useSnapshot } from '../live/hooks.ts'
import { go, type Place, type Section, sections, urlOf } from '../router.ts'
import type { Who } from '../sign-in/who.ts'
import { Boundary } from './boundary.tsx'
import { ConnectionState, Disconnected } from './connection.tsx'
import { Logo } from './logo.tsx'
import { NoAccess, NoSection } from './no-access.tsx'
import {
  AgentsPage,
  AuditPage,
  KeysPage,
  loadLater,
  NotificationSettings,
  RunDrawer,
  RunsPage,
} from './parts.tsx'
import { ProjectSwitch } from './project-switch.tsx'
import { SessionNotices } from './session-notices.tsx'
import { UserMenu } from './user-menu.tsx'
import './shell.css'

const titles: Readonly<Record<Section, string>> = {
  approvals: 'Approvals',
  runs: 'Runs',
  agents: 'Agents',
  audit: 'Audit log',
  keys: 'API keys',
}

interface Props {
  readonly projects: readonly string[]
  readonly place: Place
  readonly who: Who
  onSignInAgain(): void
  /** Reads the projects again. */
  onProjects(): void
}

/** The frame of a project: where one is, what waits, whether one is connected. */
export function Shell({ projects, place, who, onSignInAgain, onProjects }: Props) {
  const { project } = useHere()
  const { pending, connection } = useSnapshot()
  const mayNot = connection.state === 'Lost' && connection.mayNot
  const waiting = mayNot ? 0 : (pending?.length ?? 0)
  const { section } = place
  useEffect(() => {
    const where = mayNot ? '' : `${waiting > 0 ? `(${waiting}) ` : ''}${titles[section]} · ${project} · `
    document.title = `${where}Countersign`
  }, [waiting, section, project, mayNot])
  useEffect(loadLater, [])
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Logo />
        <ProjectSwitch
          names={projects}
          project={project}
          onOpen={onProjects}
          onChoose={chosen => go({ project: chosen, section })}
        />
        {!mayNot && <Sections place={place} waiting={waiting} />}
        <div className="who">
          {!mayNot && (
            <>
              <ConnectionState />
              <Boundary part="bell">
                <Bell />
              </Boundary>
            </>
          )}
          <UserMenu who={who} place={place} onSignInAgain={onSignInAgain} />
        </div>
      </header>
      <SessionNotices who={who} onSignInAgain={onSignInAgain} />
      {!mayNot && <Disconnected />}
      <main id="main" tabIndex={-1}>
        {mayNot ? (
          <NoAccess projects={projects} onProjects={onProjects} />
        ) : place.unknown === undefined ? (
          <Part key={section} name={titles[section]} of={place.name}>
            <SectionPage place={place} />
          </Part>
        ) : (
          <NoSection name={place.unknown} />
        )}
      </main>
      {!mayNot && <Over place={place} />}
    </div>
  )
}

/** A part of the page, which may be loaded, or fail, by itself. */
function Part(props: { name: string; of: string | undefined; children: ReactNode }) {
  const { name, of, children } = props
  return (
    <Boundary part={name} of={of}>
      <Suspense>{children}</Suspense>
    </Boundary>
  )
}

/** What lies over the page where the address says so; there from when it was first needed. */
function Over({ place }: { place: Place }) {
  const run = place.run ?? (place.section === 'runs' ? place.name : undefined)
  const [runs, setRuns] = useState(false)
  const [settings, setSettings] = useState(false)
  useEffect(() => {
    if (run !== undefined) setRuns(true)
    if (place.settings) setSettings(true)
  }, [run, place.settings])
  return (
    <>
      {runs && (
        <Part name="run" of={run}>
          <RunDrawer place={place} />
        </Part>
      )}
      {settings && (
        <Part name="notification settings" of={String(place.settings)}>
          <NotificationSettings place={place} />
        </Part>
      )}
    </>
  )
}

function Sections({ place: { project, section, unknown }, waiting }: { place: Place; waiting: number }) {
  const nav = useRef<HTMLElement>(null)
  const current = unknown === undefined ? section : undefined
  // On a phone they may be wider than the screen.
  useEffect(() => {
    if (current !== undefined) {
      nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    }
  }, [current])
  return (
    <nav aria-label="Sections" className="sections" ref={nav}>
      {sections.map(one => (
        <Link
          key={one}
          place={{ ...(project === undefined ? {} : { project }), section: one }}
          current={one === current}
        >
          {titles[one]}
          {one === 'approvals' && waiting > 0 && <span className="count">{waiting}</span>}
        </Link>
      ))}
    </nav>
  )
}

function SectionPage({ place: { section, name } }: { place: Place }) {
  switch (section) {
    case 'approvals':
      return <ApprovalsPage name={name} />
    case 'runs':
      return <RunsPage />
    case 'agents':
      return <AgentsPage />
    case 'audit':
      return <AuditPage />
    case 'keys':
      return <KeysPage />
  }
}

/** A link inside the page; opened elsewhere as any link where the person asks for it. */
export function Link(props: { place: Place; current?: boolean; className?: string; children: ReactNode }) {
  const { place, current = false, className, children } = props
  const click = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    go(place)
  }
  return (
    <a href={urlOf(place)} onClick={click} className={className} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  )
}
