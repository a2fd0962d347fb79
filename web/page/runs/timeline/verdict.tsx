import type { Approval, Step } from '../../api/types.ts'
import { TimeLeft } from '../../approvals/times.tsx'
import { clock, exactly } from '../../lists/ago.ts'
import { useHere } from '../../live/hooks.ts'
import { Link } from '../../shell/shell.tsx'
import { Said } from '../../text/text.tsx'
import { span } from '../../text/time.ts'
import { Took } from './took.tsx'

interface Props {
  readonly step: Step
  /** Of the request. */
  readonly name: string
  readonly request: Approval | undefined
}

/** Who was waited for, for how long, and what they said. */
export function Verdict({ step, name, request }: Props) {
  const { project } = useHere()
  const open = request === undefined ? step.approval === undefined : request.phase === 'Pending'
  const verdict = open ? undefined : (step.approval?.verdict ?? request?.phase)
  return (
    <div className="verdict" data-verdict={verdict ?? 'Pending'}>
      <p>
        {verdict === undefined ? (
          <Waits step={step} request={request} />
        ) : (
          <>
            <strong>{verdict}</strong> after waiting <Waited step={step} request={request} />
          </>
        )}
        {' · '}
        <Link place={{ project, section: 'approvals', name }}>{name}</Link>
      </p>
      {request !== undefined && request.decisions.length > 0 ? (
        <Decisions request={request} />
      ) : (
        <Shortly step={step} request={request} />
      )}
    </div>
  )
}

function Waits({ step, request }: Omit<Props, 'name'>) {
  if (request === undefined)
    return <>{step.state === 'Pending' ? 'goes to people' : 'waits for a decision'}</>
  const { approvals, requiredApprovals, requestedAt } = request
  return (
    <>
      <strong>Waits for people</strong>: for <Took from={requestedAt} to={undefined} />
      {requiredApprovals > 1 && `, ${approvals} of ${requiredApprovals} approvals`},{' '}
      <TimeLeft approval={request} />
    </>
  )
}

/** The times of the request, where they are known, are exact; the trace says how many seconds. */
function Waited({ step, request }: Omit<Props, 'name'>) {
  if (request?.decidedAt !== undefined) return <Took from={request.requestedAt} to={request.decidedAt} />
  return <>{span((step.approval?.waitedSeconds ?? 0) * 1000)}</>
}

/** What each reviewer said. */
function Decisions({ request }: { request: Approval }) {
  return (
    <ul className="decisions">
      {request.decisions.map(({ reviewer, verdict, reason, via, decidedAt }) => (
        <li key={reviewer} data-verdict={verdict}>
          <strong>{verdict === 'Approve' ? 'Approved' : 'Rejected'}</strong> by <Said text={reviewer} />{' '}
          <span className="faint">
            via {via}
            {decidedAt !== undefined && (
              <>
                {', '}
                <time dateTime={decidedAt} title={exactly(decidedAt)}>
                  {clock.format(new Date(decidedAt))}
                  <span className="unseen"> {exactly(decidedAt)}</span>
                </time>
              </>
            )}
          </span>
          {reason !== undefined && (
            <span className="reason">
              <Said text={reason} />
            </span>
          )}
        </li>
      ))}
      {request.phase !== 'Approved' && request.phase !== 'Rejected' && request.outcome !== undefined && (
        <li className="faint">
          <Said text={request.outcome} />
        </li>
      )}
    </ul>
  )
}

/** What the trace itself says, where the request is not there (any more) or nobody decided it. */
function Shortly({ step, request }: Omit<Props, 'name'>) {
  const reviewers = step.approval?.reviewers ?? []
  const reason = step.approval?.reason ?? request?.outcome
  return (
    <>
      {reviewers.length > 0 && (
        <p>
          by <Said text={reviewers.join(', ')} />
        </p>
      )}
      {reason !== undefined && (
        <p className="reason">
          <Said text={reason} />
        </p>
      )}
    </>
  )
}
