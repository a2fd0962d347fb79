import { memo, useEffect, useState } from 'react'
import type { Approval, Run } from '../../api/types.ts'
import { Said } from '../../text/text.tsx'
import { Call } from './call.tsx'
import { ModelAnswer } from './model-answer.tsx'
import { Took } from './took.tsx'
import { modelAtWork, type Turn } from './turns.ts'
import './timeline.css'

export type Requests = ReadonlyMap<string, Approval>

interface Props {
  readonly run: Run
  readonly turns: readonly Turn[]
  /** By name, those that have been read. */
  readonly requests: Requests
}

/** The trace in order: what the model said, what was called and with what end, who was waited for. */
export function Timeline({ run, turns, requests }: Props) {
  const drawn = useDrawn(turns.length)
  const last = turns.length - LAST
  return (
    <ol className="timeline" aria-busy={drawn < last}>
      {turns.map(
        (turn, i) =>
          (i < drawn || i >= last) && <TurnRow key={turn.number} turn={turn} requests={requests} />,
      )}
      <AtWork run={run} turns={turns} />
    </ol>
  )
}

/** So many turns are drawn in one go, so that the page answers meanwhile; what happens now is among the last. */
const STEP = 15
const LAST = 5

function useDrawn(count: number): number {
  const [drawn, setDrawn] = useState(STEP)
  useEffect(() => {
    if (drawn >= count) return
    const timer = setTimeout(() => setDrawn(drawn + STEP), 20)
    return () => clearTimeout(timer)
  }, [drawn, count])
  return drawn
}

/** Drawn anew only where something of it is new: a run may have hundreds of turns, and grows. */
const TurnRow = memo(
  function TurnRow({ turn, requests }: { turn: Turn; requests: Requests }) {
    const { number, answer, calls } = turn
    const several = calls.length > 1
    return (
      <li className="turn" data-turn={number}>
        <h4 className="turn-number">Turn {number}</h4>
        {answer !== undefined && <ModelAnswer answer={answer} />}
        {several && <p className="together">{calls.length} calls, made side by side</p>}
        {calls.length > 0 && (
          <div className="turn-calls" data-several={several}>
            {calls.map(step => (
              <Call key={step.id} step={step} request={requests.get(step.approvalRequest ?? '')} />
            ))}
          </div>
        )}
      </li>
    )
  },
  (before, after) =>
    before.turn.mark === after.turn.mark &&
    after.turn.calls.every(
      ({ approvalRequest = '' }) =>
        before.requests.get(approvalRequest) === after.requests.get(approvalRequest),
    ),
)

/** What goes on now, where no call shows it. */
function AtWork({ run, turns }: { run: Run; turns: readonly Turn[] }) {
  const { phase, waiting, finishedAt, cancel } = run
  if (finishedAt !== undefined) {
    return turns.length === 0 ? <li className="now faint">Nothing happened before it ended.</li> : null
  }
  if (cancel) return <li className="now">It has been asked to end. What is under way is waited for.</li>
  if (phase === 'Pending') {
    return (
      <li className="now">
        It has not begun
        {waiting !== undefined && (
          <>
            : <Said text={waiting.message} />
          </>
        )}
      </li>
    )
  }
  // A model or a tool server that is away is why nothing moves.
  if (phase === 'Running' && waiting !== undefined && waiting.reason !== 'Running') {
    return (
      <li className="now">
        <Said text={waiting.message} />
      </li>
    )
  }
  const model = modelAtWork(run, turns)
  if (model === undefined) return null
  return (
    <li className="now">
      The model is at work
      {model.since !== undefined && (
        <>
          {' '}
          for <Took from={model.since} to={undefined} />
        </>
      )}
    </li>
  )
}
