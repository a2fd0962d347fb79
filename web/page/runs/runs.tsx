import { useState } from 'react'
import type { Page, Run } from '../api/types.ts'
import { PhaseBadge } from '../approvals/detail.tsx'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { moment } from '../text/time.ts'
import { MorePages } from './more.tsx'

const phases = ['Pending', 'Running', 'AwaitingApproval', 'Succeeded', 'Failed', 'Cancelled']

/** Runs, newest first. */
export function RunsPage() {
  const { api, project } = useHere()
  const { changes } = useSnapshot()
  const [phase, setPhase] = useState('')
  const [limit, setLimit] = useState(50)
  const { value, error } = useLoaded(
    signal => api.get<Page<Run>>(`/projects/${project}/runs`, { phase, limit }, signal),
    `${phase} ${limit}`,
    changes,
  )
  return (
    <section className="page">
      <div className="page-head">
        <h1>Runs</h1>
        <label>
          Phase{' '}
          <select value={phase} onChange={event => setPhase(event.currentTarget.value)}>
            <option value="">all</option>
            {phases.map(one => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      {error !== undefined && <p className="trouble">{error.message}</p>}
      {value?.items.length === 0 && <p className="faint">No run is here.</p>}
      {value !== undefined && value.items.length > 0 && (
        <div className="table-frame">
          <table className="table">
            <thead>
              <tr>
                <th>Run</th>
                <th>Phase</th>
                <th>Agent</th>
                <th>Input</th>
                <th>Started by</th>
                <th>Created</th>
              </tr>
            </thead>
            <tbody>
              {value.items.map(run => (
                <tr key={run.uid}>
                  <td>
                    <Link place={{ project, section: 'runs', name: run.name }}>
                      <code>{run.name}</code>
                    </Link>
                  </td>
                  <td>
                    <PhaseBadge phase={run.phase} />
                  </td>
                  <td>{run.agent}</td>
                  <td className="words">
                    <Said text={(run.input ?? '').slice(0, 160)} />
                  </td>
                  <td>{run.requestedBy}</td>
                  <td title={run.createdAt}>{moment(run.createdAt, api.now())}</td>
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
