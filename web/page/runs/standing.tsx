import type { Run } from '../api/types.ts'
import { inWords } from '../lists/in-words.ts'
import { useHere, useNow } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { span } from '../text/time.ts'

/** Where a run is, in words: whom or what it waits for, how it failed, or how long it took. */
export function Standing({ run }: { run: Run }) {
  const { phase, failure, waiting, startedAt, finishedAt } = run
  if (failure !== undefined) {
    return (
      <>
        <strong>{inWords(failure.reason)}</strong>: <Said text={failure.message} />
      </>
    )
  }
  if (finishedAt !== undefined) {
    const took = startedAt === undefined ? undefined : Date.parse(finishedAt) - Date.parse(startedAt)
    if (took === undefined) return null
    return <span className="faint">took {took < 1000 ? 'under 1 s' : span(took)}</span>
  }
  if (run.cancel) return <>somebody asked to end it</>
  if (phase === 'AwaitingApproval') return <WaitsFor run={run} />
  if (phase === 'Pending' && waiting !== undefined) return <Said text={waiting.message} />
  if (phase === 'Running') return <Running run={run} />
  return null
}

/** The requests that nobody has decided yet. */
function WaitsFor({ run }: { run: Run }) {
  const { project } = useHere()
  const open = run.steps.filter(
    ({ state, approval }) => state === 'AwaitingApproval' && approval === undefined,
  )
  const names = open.flatMap(({ approvalRequest, tool = '' }) =>
    approvalRequest === undefined ? [] : [{ name: approvalRequest, tool }],
  )
  return (
    <ul className="waits-for">
      {names.map(({ name, tool }) => (
        <li key={name}>
          waits for <Link place={{ project, section: 'approvals', name }}>{name}</Link>{' '}
          <code className="faint">
            <Said text={tool} />
          </code>
        </li>
      ))}
    </ul>
  )
}

function Running({ run }: { run: Run }) {
  const now = useNow()
  const { startedAt, waiting } = run
  const since = startedAt === undefined ? '' : `for ${span(now - Date.parse(startedAt))}`
  // A model or toolset that is away is why nothing moves.
  if (waiting !== undefined && waiting.reason !== 'Running') return <Said text={waiting.message} />
  return <span className="faint">runs {since}</span>
}
