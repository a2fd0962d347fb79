import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Run, Step } from '../../api/types.ts'
import type { Place } from '../../router.ts'
import { Said } from '../../text/text.tsx'
import { useContextChoice } from './context.tsx'
import { useRights } from './rights.ts'
import { useStarting } from './starting.ts'
import './again.css'

/** Starts a run that failed or was cancelled from its beginning: asked first, as nothing that it did is undone. */
export function Again({ run, place }: { run: Run; place: Place }) {
  const { startRuns } = useRights()
  const [asking, setAsking] = useState(false)
  if (startRuns === false) return null
  if (!asking) {
    return (
      <p>
        <Button variant="default" size="xs" onClick={() => setAsking(true)}>
          Start it again…
        </Button>
      </p>
    )
  }
  return <Confirm run={run} place={place} onBack={() => setAsking(false)} />
}

function Confirm({ run, place, onBack }: { run: Run; place: Place; onBack(): void }) {
  const { sending, trouble, contextRefused, start } = useStarting(place)
  const { made, context, question } = useContextChoice(run, contextRefused)
  const { agent, input = '', continueFrom } = run
  const again = () =>
    start({
      agent,
      input,
      ...(context === undefined ? {} : { context }),
      ...(continueFrom === undefined ? {} : { continueFrom }),
    })
  return (
    <section className="again" aria-label="Start it again">
      <p>
        <strong>Start {agent} again with the same input?</strong> It begins anew, in your name
        {continueFrom !== undefined && (
          <>
            , after <code>{continueFrom}</code> as this one did
          </>
        )}
        , and knows nothing of this run.
      </p>
      <AlreadyRan steps={run.steps} />
      {question}
      {trouble !== undefined && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      <div className="confirm-buttons">
        <Button disabled={!made} aria-disabled={sending} onClick={() => void again()}>
          {sending ? 'Starting…' : 'Start it again'}
        </Button>
        <Button variant="default" onClick={onBack}>
          Leave it
        </Button>
      </div>
    </section>
  )
}

/** Calls that had, or may have had, an effect. */
const mayHaveRun = ({ type, state, startedAt }: Step): boolean =>
  type === 'ToolCall' &&
  (state === 'Succeeded' || state === 'Unknown' || (state === 'Failed' && startedAt !== undefined))

const endings: Readonly<Record<string, string>> = {
  Succeeded: 'ran',
  Failed: 'ran, and answered with an error',
  Unknown: 'may have run: its outcome is unknown',
}

function AlreadyRan({ steps }: { steps: readonly Step[] }) {
  const ran = steps.filter(mayHaveRun)
  if (ran.length === 0) return <p>No call ran in it.</p>
  return (
    <div className="warning">
      <p>
        <strong>Nothing that ran is undone.</strong>{' '}
        {ran.length === 1
          ? 'This call already ran, and may be made a second time; gates stop it as before:'
          : 'These calls already ran, and may be made a second time; gates stop them as before:'}
      </p>
      <ul className="already-ran">
        {ran.map(({ id, tool = '', state = '', params }) => (
          <li key={id}>
            <code>
              <Said text={tool} />
            </code>{' '}
            <span className="faint">
              <Said text={glance(params)} />
            </span>{' '}
            <strong>{endings[state]}</strong>
          </li>
        ))}
      </ul>
    </div>
  )
}

const glance = (params: object = {}): string =>
  Object.entries(params)
    .flatMap(([name, value]) => (typeof value === 'object' ? [] : [`${name} ${String(value).slice(0, 60)}`]))
    .join(' · ')
    .slice(0, 200)
