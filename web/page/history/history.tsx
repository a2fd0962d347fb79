import { useCallback, useMemo } from 'react'
import type { AuditEntry, StreamEvent } from '../api/types.ts'
import { PhaseBadge } from '../approvals/detail.tsx'
import { EntryDetail } from '../audit/entry.tsx'
import { actorWords } from '../audit/words.ts'
import { Choice, FilterBar, useFilters } from '../lists/filters.tsx'
import { PagedList } from '../lists/list.tsx'
import { Named } from '../lists/named.tsx'
import { useSuggestions } from '../lists/suggestions.ts'
import { type Column, Table } from '../lists/table.tsx'
import { Times } from '../lists/times.tsx'
import { When } from '../lists/when.tsx'
import { useHere } from '../live/hooks.ts'
import { type PagedOptions, usePaged } from '../live/paged.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { span } from '../text/time.ts'
import { historyAsked, historyFilters, verdicts } from './asked.ts'
import { SinglyDecided } from './decisions.tsx'
import { type RequestOf, useRequests, waitedFor } from './requests.ts'
import './history.css'

const list: Omit<PagedOptions<AuditEntry>, 'filter'> = {
  path: 'audit',
  limit: 25,
  asked: historyAsked,
  compare: (a, b) => b.seq - a.seq,
  concerns: (event: StreamEvent) => event.type === 'AuditAppended',
}

/** What was decided, newest first, from the audit log. */
export function History() {
  const { project } = useHere()
  const filters = useFilters(historyFilters)
  const { agents, tools, people } = useSuggestions()
  const paged = usePaged({ ...list, filter: filters.query })
  const requestOf = useRequests(paged.items)
  const columns = useMemo(() => columnsWith(requestOf), [requestOf])
  const inFull = useCallback(
    (entry: AuditEntry) => <EntryDetail entry={entry} more={<SinglyDecided request={requestOf(entry)} />} />,
    [requestOf],
  )
  return (
    <section className="history" aria-label="History">
      <div className="history-head">
        <h2>Decided</h2>
        <Link place={{ project, section: 'audit' }}>The whole audit log</Link>
      </div>
      <FilterBar label="Filter the history" filters={filters}>
        <Named filters={filters} name="agent" label="Agent" placeholder="any" known={agents} />
        <Named
          filters={filters}
          name="tool"
          label="Tool"
          placeholder="any; shop.* for several"
          known={tools}
        />
        <Choice filters={filters} name="verdict" label="Verdict" all="any" options={verdicts} />
        <Named filters={filters} name="reviewer" label="Reviewer" placeholder="anybody" known={people} />
        <Times filters={filters} />
      </FilterBar>
      <PagedList
        paged={paged}
        filters={filters}
        what={['decision', 'decisions']}
        empty="Nothing has been decided yet."
      >
        {items => (
          <Table
            label="Decided requests"
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
const aboutOf = ({ approvalRequest }: AuditEntry): string => approvalRequest ?? 'the decision'

const columnsWith = (requestOf: RequestOf): readonly Column<AuditEntry>[] => [
  { title: 'When', of: ({ time }) => <When time={time} /> },
  { title: 'Verdict', of: ({ action }) => <PhaseBadge phase={action.replace('Approval', '')} /> },
  { title: 'Tool', of: entry => <Called entry={entry} /> },
  { title: 'Agent', of: ({ agent }) => agent },
  { title: 'By whom', words: true, of: ({ actor }) => <Said text={actorWords(actor)} /> },
  { title: 'Via', of: ({ via }) => via !== undefined && <Said text={via} /> },
  {
    title: 'Reason',
    words: true,
    of: ({ reason }) => reason !== undefined && <Said text={short(reason)} />,
  },
  {
    title: 'Waited',
    of: entry => {
      const waited = waitedFor(entry, requestOf(entry))
      return waited !== undefined && (waited < 1000 ? 'under 1 s' : span(waited))
    },
  },
]

function Called({ entry: { tool = '', approvalRequest: name = '' } }: { entry: AuditEntry }) {
  const { project } = useHere()
  return (
    <Link place={{ project, section: 'approvals', name }}>
      <code>
        <Said text={tool} />
      </code>
    </Link>
  )
}

const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text)
