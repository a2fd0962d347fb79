import type { Approval, Step } from '../../api/types.ts'
import { PhaseBadge } from '../../approvals/detail.tsx'
import { ToldThen } from '../../approvals/told/told.tsx'
import { JsonView } from '../../json/json-view.tsx'
import { Said } from '../../text/text.tsx'
import { DecideHere } from './decide-here.tsx'
import { Prose } from './prose.tsx'
import { Took } from './took.tsx'
import { Verdict } from './verdict.tsx'
import { explained, resultTitle } from './words.ts'

interface Props {
  readonly step: Step
  /** Its request, where it has been read. */
  readonly request: Approval | undefined
}

/** A tool call: with what, who was waited for, how it ended. One that waits is decided here. */
export function Call({ step, request }: Props) {
  const { tool = '', state = 'Pending', result, startedAt, finishedAt, approvalRequest } = step
  const waits = request?.phase === 'Pending'
  const sentence = explained(step)
  return (
    <article
      className="call"
      data-state={state}
      data-waits={waits}
      aria-label={`Call of ${tool}`}
      tabIndex={-1}
    >
      <p className="step-head">
        <code className="call-tool">
          <Said text={tool} />
        </code>
        <PhaseBadge phase={state} />
        {startedAt !== undefined && (
          <span className="faint measures">
            <Took from={startedAt} to={finishedAt} />
          </span>
        )}
      </p>
      {approvalRequest !== undefined && <Verdict step={step} name={approvalRequest} request={request} />}
      {request !== undefined && !waits && <ToldThen approval={request} />}
      {sentence !== undefined && <p className="call-sentence">{sentence}</p>}
      {request !== undefined && <DecideHere approval={request} />}
      {!waits && <Params step={step} request={request} />}
      {result !== undefined && (
        <div className="call-result">
          <h4>{resultTitle(step)}</h4>
          <Prose text={result} />
        </div>
      )}
    </article>
  )
}

/** The request has them in full; the trace cuts what is long. */
function Params({ step, request }: Props) {
  const params = request?.params ?? step.params
  if (params === undefined) return null
  const { $cut: cut, $bytes: bytes } = params
  if (request === undefined && typeof cut === 'string' && typeof bytes === 'number') {
    return (
      <div>
        <Said text={cut} /> <span className="faint">… cut: {bytes.toLocaleString('en')} bytes in all</span>
      </div>
    )
  }
  if (Object.keys(params).length === 0) return <p className="faint">without parameters</p>
  return <JsonView value={params} />
}
