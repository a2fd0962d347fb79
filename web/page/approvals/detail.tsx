import { type Ref, useImperativeHandle, useRef } from 'react'
import type { Approval } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Folds } from '../text/folds.tsx'
import { Said } from '../text/text.tsx'
import { DecisionBar, type DecisionHandle } from './decision-bar.tsx'
import { Facts } from './facts.tsx'
import { Gates } from './gates.tsx'
import { Parameters } from './parameters.tsx'
import { PhaseBadge } from './phase.tsx'
import { TimeLeft } from './times.tsx'
import { Told } from './told/told.tsx'
import { Unshowable } from './unshowable.tsx'
import './request.css'

export { PhaseBadge } from './phase.tsx'

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
  const { tool, agent, message, params, phase } = approval
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
          <h2 id="request-title" tabIndex={-1}>
            <code>
              <Said text={tool} />
            </code>
          </h2>
        </div>
        {phase === 'Pending' ? <TimeLeft approval={approval} /> : <PhaseBadge phase={phase} />}
      </header>
      {/* What cannot be shown cannot be decided here. */}
      <Unshowable>
        <Folds>
          {message !== undefined && (
            <p className="message">
              <Said text={message} />
            </p>
          )}
          <Parameters params={params} />
          <section aria-label="Why a person is asked">
            <h3>Why you are asked</h3>
            <Gates gates={approval.gates} />
          </section>
          <Facts approval={approval} />
          <Told approval={approval} />
          {approval.decisions.length > 0 && <Decisions approval={approval} />}
          <DecisionBar ref={bar} approval={approval} onDeciding={onDeciding} onDecided={onDecided} />
        </Folds>
      </Unshowable>
    </article>
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
      {approval.outcome !== undefined && (
        <p className="faint">
          <Said text={approval.outcome} />
        </p>
      )}
    </section>
  )
}
