import { Badge, CopyButton } from '@mantine/core'
import { type Ref, useImperativeHandle, useRef } from 'react'
import type { Approval } from '../api/types.ts'
import { JsonView } from '../json/json-view.tsx'
import { useHere } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { DecisionBar, type DecisionHandle } from './decision-bar.tsx'
import { Gates } from './gates.tsx'
import { Age, TimeLeft } from './row.tsx'
import './request.css'

export type DetailHandle = DecisionHandle

interface Props {
  readonly approval: Approval
  readonly ref: Ref<DetailHandle>
  onDeciding(name: string): void
  onDecided(approval: Approval, words: string): void
  onBack(): void
}

/** A request with everything that a decision needs: what will be called, with what, and why a person is asked. */
export function Detail({ approval, ref, onDeciding, onDecided, onBack }: Props) {
  const { project } = useHere()
  const bar = useRef<DecisionHandle>(null)
  useImperativeHandle(ref, () => ({
    approve: () => bar.current?.approve(),
    reject: () => bar.current?.reject(),
  }))
  const { tool, agent, run, message, params, requestedBy, phase, name } = approval
  const pending = phase === 'Pending'
  return (
    <article className="request" aria-labelledby="request-title">
      <button type="button" className="back fold" onClick={onBack}>
        ← all that waits
      </button>
      <header>
        <div>
          <p className="eyebrow">
            <Link place={{ project, section: 'agents' }}>{agent}</Link> wants to call
          </p>
          <h2 id="request-title">
            <code>
              <Said text={tool} />
            </code>
          </h2>
        </div>
        {pending ? <TimeLeft approval={approval} /> : <PhaseBadge phase={phase} />}
      </header>
      {message !== undefined && (
        <p className="message">
          <Said text={message} />
        </p>
      )}
      <section aria-label="Parameters" className="params">
        <h3>Parameters</h3>
        <JsonView value={params} />
      </section>
      <section aria-label="Why a person is asked">
        <h3>Why you are asked</h3>
        <Gates gates={approval.gates} />
      </section>
      <dl className="facts">
        <Fact name="Started by">{requestedBy === undefined ? 'unknown' : <Said text={requestedBy} />}</Fact>
        <Fact name="Run">
          <Link place={{ project, section: 'approvals', name, run }}>{run}</Link>
        </Fact>
        <Fact name="Waiting for">{pending ? <Age approval={approval} /> : 'nobody: it is settled'}</Fact>
        <Fact name="Approvals">
          {approval.approvals} of {approval.requiredApprovals}
          {approval.allowSelfApproval ? '' : ' · not by who started it'}
        </Fact>
        <Fact name="If rejected">
          {approval.onRejection === 'Continue' ? 'the agent is told why, and goes on' : 'the run ends'}
        </Fact>
        <Fact name="Call digest">
          <CopyButton value={approval.callDigest}>
            {({ copied, copy }) => (
              <button
                type="button"
                className="digest"
                onClick={copy}
                title="Copy, to compare with kubectl and the log"
              >
                <code>{approval.callDigest}</code> {copied ? 'copied' : 'copy'}
              </button>
            )}
          </CopyButton>
        </Fact>
      </dl>
      {approval.decisions.length > 0 && <Decisions approval={approval} />}
      {pending && <DecisionBar ref={bar} approval={approval} onDeciding={onDeciding} onDecided={onDecided} />}
    </article>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Decisions({ approval }: { approval: Approval }) {
  return (
    <section aria-label="Decisions">
      <h3>Decisions so far</h3>
      <ul className="decisions">
        {approval.decisions.map(({ reviewer, verdict, reason, via }) => (
          <li key={reviewer} data-verdict={verdict}>
            <strong>{verdict === 'Approve' ? 'Approved' : 'Rejected'}</strong> by <Said text={reviewer} />{' '}
            <span className="faint">({via})</span>
            {reason !== undefined && (
              <div className="reason">
                <Said text={reason} />
              </div>
            )}
          </li>
        ))}
      </ul>
      {approval.outcome !== undefined && <p className="faint">{approval.outcome}</p>}
    </section>
  )
}

const colors: Readonly<Record<string, string>> = {
  Approved: 'teal',
  Succeeded: 'teal',
  Rejected: 'red',
  Failed: 'red',
  Expired: 'orange',
  AwaitingApproval: 'orange',
  Pending: 'gray',
  Running: 'blue',
}

/** How something stands, in its colour and in words. */
export function PhaseBadge({ phase }: { phase: string }) {
  return (
    <Badge component="span" variant="light" color={colors[phase] ?? 'gray'} className="phase">
      {phase.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}
    </Badge>
  )
}
