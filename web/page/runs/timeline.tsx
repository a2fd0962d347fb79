import type { Run, Step } from '../api/types.ts'
import { PhaseBadge } from '../approvals/detail.tsx'
import { JsonView } from '../json/json-view.tsx'
import { useHere } from '../live/hooks.ts'
import { Link } from '../shell/shell.tsx'
import { Said } from '../text/text.tsx'
import { span } from '../text/time.ts'

/** The trace in order: what the model said, what was called, and who was waited for. */
export function Timeline({ run }: { run: Run }) {
  if (run.steps.length === 0) return <p className="faint">Nothing yet.</p>
  return (
    <ol className="timeline">
      {run.steps.map(step => (
        <li key={`${step.type} ${step.turn ?? step.id}`} data-type={step.type} data-state={step.state}>
          {step.type === 'Model' ? <ModelStep step={step} /> : <CallStep step={step} />}
        </li>
      ))}
    </ol>
  )
}

function ModelStep({ step }: { step: Step }) {
  const { usage, durationSeconds, text, toolCalls } = step
  const calls = toolCalls?.length ?? 0
  return (
    <>
      <p className="step-head">
        <strong>Model</strong> <span className="faint">turn {step.turn}</span>
        <span className="faint measures">
          {usage !== undefined && `${usage.inputTokens ?? 0} in, ${usage.outputTokens ?? 0} out`}
          {durationSeconds !== undefined && ` · ${durationSeconds.toFixed(1)} s`}
        </span>
      </p>
      {text !== undefined && text !== '' && <Said text={text} />}
      {calls > 0 && <p className="faint">asks for {calls === 1 ? 'a call' : `${calls} calls`}</p>}
    </>
  )
}

function CallStep({ step }: { step: Step }) {
  const { tool = '', state = '', params, result, approval, approvalRequest, startedAt, finishedAt } = step
  const took = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined
  return (
    <>
      <p className="step-head">
        <code>
          <Said text={tool} />
        </code>
        <PhaseBadge phase={state} />
        {took !== undefined && (
          <span className="faint measures">{took < 1000 ? 'under 1 s' : span(took)}</span>
        )}
      </p>
      {approvalRequest !== undefined && <Waited name={approvalRequest} approval={approval} />}
      {params !== undefined && <JsonView value={params} depth={1} />}
      {result !== undefined && (
        <p className="result">
          <Said text={result} />
        </p>
      )}
    </>
  )
}

function Waited({ name, approval }: { name: string; approval: Step['approval'] }) {
  const { project } = useHere()
  const link = <Link place={{ project, section: 'approvals', name }}>{name}</Link>
  if (approval === undefined) return <p className="waited">waits for a decision: {link}</p>
  const { verdict, reviewers, waitedSeconds, reason } = approval
  return (
    <p className="waited" data-verdict={verdict}>
      <strong>{verdict}</strong>
      {reviewers.length > 0 && (
        <>
          {' '}
          by <Said text={reviewers.join(', ')} />
        </>
      )}{' '}
      after {span(waitedSeconds * 1000)} · {link}
      {reason !== undefined && (
        <span className="reason">
          <Said text={reason} />
        </span>
      )}
    </p>
  )
}
