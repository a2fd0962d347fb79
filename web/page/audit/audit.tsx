import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { auditActions } from '../../../crds/v1alpha1/audit-actions.ts'
import type { AuditEntry, Page } from '../api/types.ts'
import { useHere, useLoaded } from '../live/hooks.ts'
import { MorePages } from '../runs/more.tsx'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { moment } from '../text/time.ts'
import { asCsv, asLines, save } from './export.ts'

/** What happened, newest first, filtered; what is shown can be saved. */
export function AuditPage() {
  const { api, project } = useHere()
  const [action, setAction] = useState('')
  const [actor, setActor] = useState('')
  const [limit, setLimit] = useState(50)
  const { value, error } = useLoaded(
    signal => api.get<Page<AuditEntry>>(`/projects/${project}/audit`, { action, actor, limit }, signal),
    `${action} ${actor} ${limit}`,
    1,
  )
  const items = value?.items ?? []
  return (
    <section className="page">
      <div className="page-head">
        <h1>Audit log</h1>
        <label>
          Action{' '}
          <select value={action} onChange={event => setAction(event.currentTarget.value)}>
            <option value="">all</option>
            {auditActions.map(one => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <TextInput
          aria-label="By whom"
          placeholder="by whom, exactly"
          size="xs"
          value={actor}
          onChange={event => setActor(event.currentTarget.value.trim())}
        />
        <span className="page-tools">
          <Button
            size="xs"
            variant="default"
            onClick={() => save(`${project}-audit.csv`, 'text/csv', asCsv(items))}
          >
            CSV
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() => save(`${project}-audit.jsonl`, 'application/jsonl', asLines(items))}
          >
            JSONL
          </Button>
        </span>
      </div>
      {error !== undefined && <p className="trouble">{error.message}</p>}
      {value !== undefined && items.length === 0 && <p className="faint">Nothing is on record for this.</p>}
      {items.length > 0 && (
        <div className="table-frame">
          <table className="table">
            <thead>
              <tr>
                <th>No.</th>
                <th>When</th>
                <th>Action</th>
                <th>By</th>
                <th>What</th>
                <th>Words</th>
              </tr>
            </thead>
            <tbody>
              {items.map(entry => (
                <tr key={entry.seq}>
                  <td className="faint">{entry.seq}</td>
                  <td title={entry.time}>{moment(entry.time, api.now())}</td>
                  <td>{entry.action.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}</td>
                  <td>
                    {entry.actor} {entry.via !== undefined && <span className="faint">({entry.via})</span>}
                  </td>
                  <td>
                    {entry.run !== undefined && (
                      <Link place={{ project, section: 'audit', run: entry.run }}>{entry.run}</Link>
                    )}{' '}
                    <code>{entry.tool ?? entry.object?.name ?? ''}</code>
                  </td>
                  <td className="words">
                    <Said text={entry.reason ?? entry.outcome ?? ''} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MorePages
        more={value?.continue !== undefined && limit < 500}
        onMore={() => setLimit(Math.min(500, limit * 2))}
      />
    </section>
  )
}
