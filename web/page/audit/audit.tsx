import type { AuditEntry, StreamEvent } from '../api/types.ts'
import { FilterBar, useFilters } from '../lists/filters.tsx'
import { PagedList } from '../lists/list.tsx'
import { Named } from '../lists/named.tsx'
import { Several } from '../lists/several.tsx'
import { useSuggestions } from '../lists/suggestions.ts'
import { type Column, Table } from '../lists/table.tsx'
import { Times } from '../lists/times.tsx'
import { When } from '../lists/when.tsx'
import { type PagedOptions, usePaged } from '../live/paged.ts'
import { usePlace } from '../router.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { auditAsked, auditFilters } from './asked.ts'
import { EntryDetail } from './entry.tsx'
import { ExportButtons } from './export-button.tsx'
import { actionOptions, actionWords, actorWords } from './words.ts'
import './audit.css'

const list: Omit<PagedOptions<AuditEntry>, 'filter'> = {
  path: 'audit',
  asked: auditAsked,
  compare: (a, b) => b.seq - a.seq,
  concerns: (event: StreamEvent) => event.type === 'AuditAppended',
}

/** What happened, newest first: filtered, each entry in full, and all that matches to be saved. */
export function AuditPage() {
  const filters = useFilters(auditFilters)
  const { agents, tools, people } = useSuggestions()
  const paged = usePaged({ ...list, filter: filters.query })
  return (
    <section className="page">
      <div className="page-head">
        <h1>Audit log</h1>
        <ExportButtons filter={filters.query} asked={auditAsked} />
      </div>
      <FilterBar label="Filter the audit log" filters={filters}>
        <Several filters={filters} name="action" label="Action" all="all" options={actionOptions} />
        <Named filters={filters} name="actor" label="By whom" placeholder="anybody" known={people} />
        <Named filters={filters} name="agent" label="Agent" placeholder="any" known={agents} />
        <Named
          filters={filters}
          name="tool"
          label="Tool"
          placeholder="any; shop.* for several"
          known={tools}
        />
        <Times filters={filters} />
      </FilterBar>
      <h2 className="unseen">Entries</h2>
      <PagedList
        paged={paged}
        filters={filters}
        what={['entry', 'entries']}
        empty="Nothing is on record yet."
      >
        {items => (
          <Table
            label="Audit log"
            columns={columns}
            items={items}
            changing={paged.changing}
            idOf={seqOf}
            aboutOf={aboutOf}
            detail={inFull}
          />
        )}
      </PagedList>
    </section>
  )
}

const seqOf = ({ seq }: AuditEntry): number => seq
const aboutOf = ({ seq, action }: AuditEntry): string => `entry ${seq}, ${actionWords[action]}`
const inFull = (entry: AuditEntry) => <EntryDetail entry={entry} />

const columns: readonly Column<AuditEntry>[] = [
  { title: 'When', of: ({ time }) => <When time={time} /> },
  { title: 'Action', of: ({ action }) => <strong>{actionWords[action]}</strong> },
  {
    title: 'By whom',
    words: true,
    of: ({ actor, via }) => (
      <>
        <Said text={actorWords(actor)} /> {via !== undefined && <span className="faint">({via})</span>}
      </>
    ),
  },
  { title: 'About', words: true, of: entry => <About entry={entry} /> },
  { title: 'Outcome, reason', words: true, of: entry => <Words entry={entry} /> },
  { title: 'No.', of: ({ seq }) => <span className="faint">{seq}</span> },
]

function About({ entry }: { entry: AuditEntry }) {
  const place = usePlace()
  const { tool, object, run, agent } = entry
  return (
    <>
      {tool !== undefined && (
        <code>
          <Said text={tool} />
        </code>
      )}
      {object !== undefined && (
        <>
          {object.kind} <code>{object.name}</code>
        </>
      )}
      <div className="faint">
        {run !== undefined && <Link place={{ ...place, run }}>{run}</Link>}
        {run !== undefined && agent !== undefined && ' of '}
        {object === undefined && agent}
      </div>
    </>
  )
}

function Words({ entry: { outcome, reason } }: { entry: AuditEntry }) {
  // In few words: the row opens to all of them.
  const short = (text: string) => (text.length > 160 ? `${text.slice(0, 160)}…` : text)
  return (
    <>
      {outcome !== undefined && <Said text={short(outcome)} />}
      {outcome !== undefined && reason !== undefined && ': '}
      {reason !== undefined && <Said text={short(reason)} />}
    </>
  )
}
