import type { Step } from '../../api/types.ts'
import { clock, exactly } from '../../lists/ago.ts'
import { span } from '../../text/time.ts'
import { Prose } from './prose.tsx'

/** What the model said in a turn, what it cost and how long it took. */
export function ModelAnswer({ answer }: { answer: Step }) {
  const { usage, durationSeconds, text = '', at, toolCalls } = answer
  const calls = toolCalls?.length ?? 0
  return (
    <div className="model-answer">
      <p className="step-head">
        <strong>Model</strong>
        <span className="faint measures">
          {usage !== undefined && <Tokens usage={usage} />}
          {durationSeconds !== undefined && <span>{seconds(durationSeconds)}</span>}
          {at !== undefined && (
            <time dateTime={at} title={exactly(at)}>
              {clock.format(new Date(at))}
              <span className="unseen"> {exactly(at)}</span>
            </time>
          )}
        </span>
      </p>
      {text !== '' && <Prose text={text} />}
      {text === '' && calls === 0 && <p className="faint">It said nothing.</p>}
    </div>
  )
}

function Tokens({ usage }: { usage: NonNullable<Step['usage']> }) {
  const { inputTokens, outputTokens } = usage
  return (
    <span title="tokens, as the provider counts them">
      {inputTokens?.toLocaleString('en') ?? '?'} in, {outputTokens?.toLocaleString('en') ?? '?'} out
    </span>
  )
}

const seconds = (count: number): string => (count < 60 ? `${count.toFixed(1)} s` : span(count * 1000))
