import { PhaseBadge } from '../approvals/detail.tsx'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { moment } from '../text/time.ts'
import { readHistory } from './read.ts'
import './history.css'

/** What was decided, newest first, from the audit log. */
export function History() {
  const { api, project } = useHere()
  const { settled } = useSnapshot()
  const { value, error } = useLoaded(signal => readHistory(api, project, signal), project, settled)
  return (
    <section className="history" aria-label="History">
      <h2>Decided lately</h2>
      {error !== undefined && <p className="trouble">{error.message}</p>}
      {value !== undefined && value.length === 0 && <p className="faint">Nothing has been decided yet.</p>}
      {value !== undefined && value.length > 0 && (
        <div className="table-frame">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>Verdict</th>
                <th>Tool</th>
                <th>Agent</th>
                <th>By</th>
                <th>Reason</th>
              </tr>
            </thead>
            <tbody>
              {value.map(entry => (
                <tr key={entry.seq}>
                  <td title={entry.time}>{moment(entry.time, api.now())}</td>
                  <td>
                    <PhaseBadge phase={entry.action.replace('Approval', '')} />
                  </td>
                  <td>
                    <Link place={{ project, section: 'approvals', name: entry.approvalRequest ?? '' }}>
                      <code>{entry.tool}</code>
                    </Link>
                  </td>
                  <td>{entry.agent}</td>
                  <td>{entry.actor}</td>
                  <td className="words">{entry.reason !== undefined && <Said text={entry.reason} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Link className="more" place={{ project, section: 'audit' }}>
        The whole audit log
      </Link>
    </section>
  )
}
