import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Run } from '../api/types.ts'
import { PhaseBadge } from '../approvals/detail.tsx'
import { Choice, FilterBar, useFilters } from '../lists/filters.tsx'
import { PagedList } from '../lists/list.tsx'
import { Named } from '../lists/named.tsx'
import { useSuggestions } from '../lists/suggestions.ts'
import { type Column, Table } from '../lists/table.tsx'
import { When } from '../lists/when.tsx'
import { useHere } from '../live/hooks.ts'
import { type PagedOptions, usePaged } from '../live/paged.ts'
import { useProject } from '../live/project.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { Standing } from './standing.tsx'
import { StartRun } from './start-run.tsx'

const phases = [
  ['Pending', 'Pending'],
  ['Running', 'Running'],
  ['AwaitingApproval', 'Awaiting approval'],
  ['Succeeded', 'Succeeded'],
  ['Failed', 'Failed'],
  ['Cancelled', 'Cancelled'],
] as const satisfies readonly (readonly [Run['phase'], string])[]

const list: Omit<PagedOptions<Run>, 'filter'> = {
  path: 'runs',
  limit: 30,
  asked: ({ phase, agent }) => ({ phase, agent }),
  compare: (a, b) => newer(a.createdAt, b.createdAt) || newer(a.name, b.name),
  concerns: ({ type }) => type === 'RunChanged' || type === 'RunDeleted',
  // Also of those far down, which are not read again.
  told: (event, run) => {
    if (!('name' in event) || event.name !== run.name) return run
    if (event.type === 'RunDeleted') return undefined
    return event.type === 'RunChanged' && event.phase !== run.phase ? { ...run, phase: event.phase } : run
  },
}

/** As the gateway sorts. */
const newer = (a: string, b: string): number => (a === b ? 0 : a < b ? 1 : -1)

/** Runs, newest first: how far each is, what it waits for, and why it failed; and a way to start one. */
export function RunsPage() {
  const filters = useFilters(['phase', 'agent'])
  const { agents } = useSuggestions()
  const { value: facts } = useProject()
  const [starting, setStarting] = useState(false)
  const paged = usePaged({ ...list, filter: filters.query })
  return (
    <section className="page">
      <div className="page-head">
        <h1>Runs</h1>
        {/* Not known is not no: the API server has the last word. */}
        {facts?.you.startRuns !== false && (
          <span className="page-tools">
            <Button size="xs" onClick={() => setStarting(true)}>
              Start a run
            </Button>
          </span>
        )}
      </div>
      <FilterBar label="Filter the runs" filters={filters}>
        <Choice filters={filters} name="phase" label="Phase" all="any" options={phases} />
        <Named filters={filters} name="agent" label="Agent" placeholder="any" known={agents} />
      </FilterBar>
      <PagedList
        paged={paged}
        filters={filters}
        what={['run', 'runs']}
        empty="No run is here yet. Start one here, by kubectl, or over the REST API."
      >
        {items => (
          <Table label="Runs" columns={columns} items={items} changing={paged.changing} idOf={uidOf} />
        )}
      </PagedList>
      {starting && (
        <StartRun
          agent={filters.query.agent}
          mayGiveContext={facts?.you.setContext === true}
          onClose={() => setStarting(false)}
        />
      )}
    </section>
  )
}

const uidOf = ({ uid }: Run): string => uid

function Name({ name }: { name: string }) {
  const { project } = useHere()
  return (
    <Link place={{ project, section: 'runs', name }}>
      <code>{name}</code>
    </Link>
  )
}

const columns: readonly Column<Run>[] = [
  { title: 'Run', of: ({ name }) => <Name name={name} /> },
  { title: 'Phase', of: ({ phase }) => <PhaseBadge phase={phase} /> },
  { title: 'Agent', of: ({ agent }) => agent },
  { title: 'Created', of: ({ createdAt }) => <When time={createdAt} /> },
  {
    title: 'Started by',
    of: ({ requestedBy }) =>
      requestedBy === undefined ? <span className="faint">not known</span> : <Said text={requestedBy} />,
  },
  { title: 'Input', words: true, of: ({ input = '' }) => <Said text={short(input)} /> },
  { title: 'How it stands', words: true, of: run => <Standing run={run} /> },
]

const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text)
