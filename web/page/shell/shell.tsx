import {
  ActionIcon,
  Button,
  NativeSelect,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { type MouseEvent, type ReactNode, useEffect } from 'react'
import { AgentsPage } from '../agents/agents.tsx'
import { ApprovalsPage } from '../approvals/page.tsx'
import { AuditPage } from '../audit/audit.tsx'
import { Bell } from '../inbox/bell.tsx'
import { KeysPage } from '../keys/keys.tsx'
import { useHere, useSnapshot } from '../live/hooks.ts'
import { go, type Place, type Section, sections, urlOf } from '../router.ts'
import { RunDrawer } from '../runs/drawer.tsx'
import { RunsPage } from '../runs/runs.tsx'
import { NotificationSettings } from '../settings/notifications.tsx'
import { Logo } from './logo.tsx'
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
  onSignOut(): void
}

/** The frame of a project: where one is, what waits, whether one is connected. */
export function Shell({ projects, place, onSignOut }: Props) {
  const { project, username } = useHere()
  const { pending } = useSnapshot()
  const waiting = pending?.length ?? 0
  const { section } = place
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ''}${titles[section]} · ${project} · Countersign`
  }, [waiting, section, project])
  const names = projects.includes(project) ? projects : [project, ...projects]
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Logo />
        <NativeSelect
          aria-label="Project"
          size="xs"
          className="project-switch"
          data={[...names]}
          value={project}
          onChange={event => go({ project: event.currentTarget.value, section })}
        />
        <nav aria-label="Sections" className="sections">
          {sections.map(one => (
            <Link key={one} place={{ project, section: one }} current={one === section}>
              {titles[one]}
              {one === 'approvals' && waiting > 0 && <span className="count">{waiting}</span>}
            </Link>
          ))}
        </nav>
        <div className="who">
          <ConnectionState />
          <Bell />
          <SchemeSwitch />
          <span className="username" title={username}>
            {username}
          </span>
          <Button size="compact-xs" variant="default" onClick={onSignOut}>
            Sign out
          </Button>
        </div>
      </header>
      <Disconnected />
      <main id="main" tabIndex={-1}>
        {section === 'approvals' && <ApprovalsPage name={place.name} />}
        {section === 'runs' && <RunsPage />}
        {section === 'agents' && <AgentsPage />}
        {section === 'audit' && <AuditPage />}
        {section === 'keys' && <KeysPage />}
      </main>
      <RunDrawer place={place} />
      <NotificationSettings place={place} />
    </div>
  )
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

function ConnectionState() {
  const { connection } = useSnapshot()
  const words = { Connecting: 'Connecting', Live: 'Live', Lost: 'Disconnected' }[connection.state]
  return (
    <span className="connection" data-state={connection.state} role="status">
      {words}
    </span>
  )
}

function Disconnected() {
  const { connection } = useSnapshot()
  if (connection.state !== 'Lost') return null
  return (
    <div className="banner" role="alert">
      <strong>Disconnected.</strong> {connection.why}{' '}
      {connection.forGood ? 'It is not tried again.' : 'What you see may be old. Trying again…'}
    </div>
  )
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  return (
    <ActionIcon
      variant="default"
      size="sm"
      aria-label={dark ? 'Light colours' : 'Dark colours'}
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
    >
      <span aria-hidden="true">{dark ? '☀' : '☾'}</span>
    </ActionIcon>
  )
}
