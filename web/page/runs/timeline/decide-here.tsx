import { useEffect, useRef, useState } from 'react'
import type { Approval } from '../../api/types.ts'
import { DecisionBar, type DecisionHandle } from '../../approvals/decision-bar.tsx'
import { Facts } from '../../approvals/facts.tsx'
import { Gates } from '../../approvals/gates.tsx'
import { Parameters } from '../../approvals/parameters.tsx'
import { Told } from '../../approvals/told/told.tsx'
import { Unshowable } from '../../approvals/unshowable.tsx'
import { useHere } from '../../live/hooks.ts'
import { Folds } from '../../text/folds.tsx'
import { Said } from '../../text/text.tsx'
import { useDecided } from './decided.ts'
import '../../approvals/request.css'

/**
 * A request that waits, with all that a decision needs. Nothing for one that was settled before it was seen; one that is
 * settled while somebody writes a reason stays, so that their words are not lost.
 */
export function DecideHere({ approval }: { approval: Approval }) {
  const pending = approval.phase === 'Pending'
  const [seen, setSeen] = useState(pending)
  useEffect(() => {
    if (pending) setSeen(true)
  }, [pending])
  if (!seen) return null
  return (
    <Unshowable>
      <Folds>
        {pending && <Request approval={approval} />}
        <Bar approval={approval} />
      </Folds>
    </Unshowable>
  )
}

function Request({ approval }: { approval: Approval }) {
  const { message, params, gates } = approval
  return (
    <div className="decide-here">
      {message !== undefined && (
        <p className="message">
          <Said text={message} />
        </p>
      )}
      <Parameters params={params} />
      <section aria-label="Why a person is asked">
        <h3>Why you are asked</h3>
        <Gates gates={gates} />
      </section>
      <Told approval={approval} />
      <details>
        <summary>Who may decide, and what then</summary>
        <Facts approval={approval} />
      </details>
    </div>
  )
}

function Bar({ approval }: { approval: Approval }) {
  const { feed } = useHere()
  const decided = useDecided()
  const bar = useRef<DecisionHandle>(null)
  return (
    <DecisionBar
      ref={bar}
      approval={approval}
      onDeciding={name => feed.mine.add(name)}
      onDecided={(now, words) => {
        feed.learn(now)
        decided(now, words)
      }}
    />
  )
}
