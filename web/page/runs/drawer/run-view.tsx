import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Approval, Run } from '../../api/types.ts'
import { PhaseBadge } from '../../approvals/detail.tsx'
import { JsonView } from '../../json/json-view.tsx'
import { When } from '../../lists/when.tsx'
import type { Place } from '../../router.ts'
import { Said } from '../../text/text.tsx'
import { Again } from '../again/again.tsx'
import { Answer } from '../again/answer.tsx'
import { readsLikeQuestion } from '../again/question.ts'
import { DecidedContext } from '../timeline/decided.ts'
import { Prose } from '../timeline/prose.tsx'
import { Timeline } from '../timeline/timeline.tsx'
import { turnsOf } from '../timeline/turns.ts'
import { Cancel } from './cancel.tsx'
import { Earlier, Later } from './chain.tsx'
import { Failure } from './failure.tsx'
import { type RunNow, useLater, useRun } from './reading.ts'
import { Totals } from './totals.tsx'
import './run.css'

interface Props {
  readonly name: string
  readonly place: Place
}

/** A run: how it stands, what it said, its trace; what waits is decided here, what has ended gone on with. */
export function RunView({ name, place }: Props) {
  const now = useRun(name)
  const { read, error } = now
  if (read === undefined) {
    return error === undefined ? (
      <p className="faint">Reading…</p>
    ) : (
      <p className="trouble" role="alert">
        This run cannot be read. {error.message}
      </p>
    )
  }
  return (
    <>
      {error !== undefined && (
        <p className="trouble" role="alert">
          What you see may be old: the run could not be read again. {error.message}
        </p>
      )}
      {read.missing !== undefined && (
        <p className="trouble" role="alert">
          Some of its requests could not be read, so they cannot be decided here. {read.missing.message}
        </p>
      )}
      <Content now={now} run={read.run} requests={read.requests} place={place} />
    </>
  )
}

interface ContentProps {
  readonly now: RunNow
  readonly run: Run
  readonly requests: ReadonlyMap<string, Approval>
  readonly place: Place
}

function Content({ now, run, requests, place }: ContentProps) {
  const { agent, phase, requestedBy, createdAt, input, context, output, failure } = run
  const turns = useMemo(() => turnsOf(run.steps), [run.steps])
  const later = useLater(run.name)
  const [words, setWords] = useState<string>()
  const { learn } = now
  const decided = useCallback(
    (request: Approval, said: string) => {
      setWords(said)
      learn(request)
    },
    [learn],
  )
  const ended = run.finishedAt !== undefined
  // One that was answered is not asking any more.
  const asks = later?.length === 0 && readsLikeQuestion(output ?? '')
  return (
    <DecidedContext value={decided}>
      <div className="run">
        <header className="run-head">
          <p>
            <PhaseBadge phase={phase} /> <strong>{agent}</strong>
            <span className="faint">
              {requestedBy !== undefined && (
                <>
                  {' '}
                  · started by <Said text={requestedBy} />
                </>
              )}{' '}
              · <When time={createdAt} />
            </span>
          </p>
          <Cancel run={run} requests={requests} onAnswer={now.again} />
        </header>
        <p className="unseen" role="status">
          The run is {phase}.
        </p>
        <Earlier run={run} place={place} />
        <Later later={later ?? []} place={place} />
        <p className="run-notice" role="status" hidden={words === undefined}>
          {words}
        </p>
        {failure !== undefined && <Failure failure={failure} />}
        <Waiting requests={requests} />
        <Totals run={run} />
        {output !== undefined && (
          <Part title="Output">
            <Prose text={output} />
          </Part>
        )}
        {ended && input !== undefined && <Answer run={run} place={place} open={asks} />}
        {ended && input !== undefined && phase !== 'Succeeded' && <Again run={run} place={place} />}
        {input !== undefined && (
          <Part title="Input">
            <Prose text={input} />
          </Part>
        )}
        {context !== undefined && (
          <Part title="Context, which conditions of gates read">
            <JsonView value={context} />
          </Part>
        )}
        <Part title="What happened">
          <Timeline run={run} turns={turns} requests={requests} />
        </Part>
      </div>
    </DecidedContext>
  )
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="part" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** In a long trace what waits is far down: a way there. */
function Waiting({ requests }: { requests: ReadonlyMap<string, Approval> }) {
  const box = useRef<HTMLDivElement>(null)
  const open = [...requests.values()].filter(({ phase }) => phase === 'Pending')
  const [at, setAt] = useState(0)
  const count = open.length
  useEffect(() => setAt(old => Math.min(old, Math.max(0, count - 1))), [count])
  if (count === 0) return null
  const next = () => {
    const calls =
      box.current?.closest('.run')?.querySelectorAll<HTMLElement>('.call[data-waits="true"]') ?? []
    const call = calls[at % calls.length]
    call?.scrollIntoView({ block: 'start' })
    call?.focus({ preventScroll: true })
    setAt(at + 1)
  }
  return (
    <div className="run-waiting" ref={box}>
      <span>
        {count === 1 ? '1 call waits' : `${count} calls wait`} for a decision:{' '}
        <code>
          <Said text={[...new Set(open.map(({ tool }) => tool))].slice(0, 3).join(', ')} />
        </code>
      </span>
      <button type="button" className="fold" onClick={next}>
        {count === 1 ? 'Go to it' : at === 0 ? 'Go to the first' : 'Go to the next'} ↓
      </button>
    </div>
  )
}
