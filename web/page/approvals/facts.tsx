import { CopyButton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Approval } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { Reviewers } from './reviewers.tsx'
import { Age } from './times.tsx'

/** What else there is to know of a request: who, how many, what then, and by what to compare it. */
export function Facts({ approval }: { approval: Approval }) {
  const { project } = useHere()
  const { name, run, requestedBy, phase, approvals, requiredApprovals, allowSelfApproval } = approval
  return (
    <dl className="facts">
      <Fact name="Started by">
        {requestedBy === undefined ? 'unknown' : <Said text={requestedBy} />}
        {allowSelfApproval ? '' : <span className="faint"> · may not decide</span>}
      </Fact>
      <Fact name="Run">
        <Link place={{ project, section: 'approvals', name, run }}>{run}</Link>
      </Fact>
      <Fact name="Waiting for">
        {phase === 'Pending' ? <Age approval={approval} /> : 'nobody: it is settled'}
      </Fact>
      <Fact name="Approvals">
        {approvals} of {requiredApprovals}
        {requiredApprovals > 1 && <span className="faint"> · by different people</span>}
      </Fact>
      <Fact name="If rejected">
        {approval.onRejection === 'Continue' ? 'the agent is told why, and goes on' : 'the run ends'}
      </Fact>
      <Fact name={phase === 'Pending' ? 'Who may decide' : 'Who could decide'} wide>
        <Reviewers approval={approval} />
      </Fact>
      <Fact name="Call digest" wide>
        <Digest value={approval.callDigest} />
      </Fact>
    </dl>
  )
}

function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={wide ? 'fact-wide' : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** A digest: its beginning for a glance, the whole to compare and to copy. */
function Digest({ value }: { value: string }) {
  const short = value.replace(/^sha256:/, '').slice(0, 12)
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <button
          type="button"
          className="digest"
          onClick={copy}
          title="Copy, to compare with kubectl and the audit log"
        >
          <strong>
            <code>{short}</code>
          </strong>{' '}
          <code className="faint">{value}</code> {copied ? 'copied' : 'copy'}
        </button>
      )}
    </CopyButton>
  )
}
