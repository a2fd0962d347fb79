import type { ReactNode } from 'react'
import type { Agent } from '../api/types.ts'
import { Said } from '../text/text.tsx'
import { span } from '../text/time.ts'

/** What follows once a call is stopped: for how long, by how many, who may not, and what is hidden. */
export function Policy({ approval }: { approval: Agent['approval'] }) {
  const {
    timeoutSeconds = 3600,
    requiredApprovals = 1,
    allowSelfApproval = true,
    onRejection = 'Fail',
    message,
    redact = [],
    remindAfterSeconds,
    escalateAfterSeconds,
    escalateTo = [],
  } = approval ?? {}
  return (
    <details className="policy">
      <summary>
        {requiredApprovals === 1 ? '1 approval' : `${requiredApprovals} approvals`} within{' '}
        {seconds(timeoutSeconds)}
        {allowSelfApproval ? '' : ', not by who started the run'}
      </summary>
      <dl>
        <Term name="Approvals needed">
          {requiredApprovals === 1 ? '1' : `${requiredApprovals}, by different people`}; one rejection is
          enough to reject
        </Term>
        <Term name="Time to decide">{seconds(timeoutSeconds)}, then the request expires</Term>
        <Term name="Who started the run">{allowSelfApproval ? 'may decide' : 'may not decide'}</Term>
        <Term name="If rejected or expired">
          {onRejection === 'Continue' ? 'the agent is told why, and goes on' : 'the run fails'}
        </Term>
        {message !== undefined && (
          <Term name="Reviewers are told">
            <Said text={message} />
          </Term>
        )}
        {redact.length > 0 && (
          <Term name="Shown to nobody">
            <code>
              <Said text={redact.join(', ')} />
            </code>
          </Term>
        )}
        {remindAfterSeconds !== undefined && <Term name="Reminded after">{seconds(remindAfterSeconds)}</Term>}
        {escalateAfterSeconds !== undefined && (
          <Term name="Escalated">
            after {seconds(escalateAfterSeconds)} to <Said text={escalateTo.join(', ')} />
          </Term>
        )}
      </dl>
    </details>
  )
}

const seconds = (count: number): string => span(count * 1000)

function Term({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
