import { useState } from 'react'
import type { Approval, ApprovalDetail } from '../../api/types.ts'
import { clock, exactly } from '../../lists/ago.ts'
import { useNow } from '../../live/hooks.ts'
import { Said } from '../../text/text.tsx'
import { span } from '../../text/time.ts'
import { useTold } from './reading.ts'
import { type Again, againOf, type Entry, howOf, toldOf } from './words.ts'
import './told.css'

/** Who was told of a request: in a line where all is well, and plainly where somebody was not. */
export function Told({ approval }: { approval: Approval }) {
  const { value, error } = useTold(approval)
  if (value === undefined) {
    return error === undefined ? (
      <p className="faint">Looking up who was told…</p>
    ) : (
      <p className="faint">It is not known at the moment who was told: {error.message}</p>
    )
  }
  return <Shown detail={value} />
}

/** The same for one that is settled: asked for when somebody wants to know. */
export function ToldThen({ approval }: { approval: Approval }) {
  const [open, setOpen] = useState(false)
  return (
    <details className="told" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>Who was told</summary>
      {open && <Told approval={approval} />}
    </details>
  )
}

function Shown({ detail }: { detail: ApprovalDetail }) {
  const told = toldOf(detail)
  if (told === undefined) return <p className="faint">It is not on record who was told.</p>
  const { level, words, missed, others } = told
  return (
    <section className="told" data-level={level} aria-label="Who was told">
      {level === 'Wrong' ? (
        <div className="told-wrong">
          <strong>{words}.</strong>{' '}
          {missed.length === 0 ? <Said text={detail.notified?.message ?? ''} /> : <Entries of={missed} />}
        </div>
      ) : (
        others.length === 0 && <p className="faint">{words}.</p>
      )}
      {others.length > 0 && (
        <details>
          <summary>{level === 'Wrong' ? `The others (${others.length})` : words}</summary>
          <Entries of={others} />
        </details>
      )}
      <Times detail={detail} />
    </section>
  )
}

const FEW = 8

function Entries({ of }: { of: readonly Entry[] }) {
  const [all, setAll] = useState(false)
  const shown = all ? of : of.slice(0, FEW)
  return (
    <>
      <ul className="told-list">
        {shown.map(entry => (
          <li key={`${entry.event} ${entry.channel} ${entry.target}`} data-state={entry.state}>
            <Said text={entry.target} /> <Became entry={entry} />
          </li>
        ))}
      </ul>
      {of.length > shown.length && (
        <button type="button" className="fold" onClick={() => setAll(true)}>
          and {of.length - shown.length} more
        </button>
      )}
    </>
  )
}

/** How, when, and with what end. */
function Became({ entry }: { entry: Entry }) {
  const { state, at, lastError, attempts = 0 } = entry
  if (state === 'Sent') {
    return (
      <span className="faint">
        {howOf(entry)} {at !== undefined && <Clock at={Date.parse(at)} />}
      </span>
    )
  }
  return (
    <>
      ({howOf(entry)})
      {lastError !== undefined && (
        <>
          : <Said text={lastError} />
        </>
      )}{' '}
      <span className="faint">
        {state === 'Failed'
          ? '· given up'
          : attempts === 0
            ? '· on its way'
            : `· tried ${attempts === 1 ? 'once' : `${attempts} times`}, and again`}
      </span>
    </>
  )
}

const Clock = ({ at }: { at: number }) => {
  const time = new Date(at).toISOString()
  return (
    <time dateTime={time} title={exactly(time)}>
      {clock.format(new Date(at))}
      <span className="unseen"> {exactly(time)}</span>
    </time>
  )
}

/** `reminded 02:30:00 · escalates to night-shift in 12 min`. */
function Times({ detail }: { detail: ApprovalDetail }) {
  const now = useNow()
  const all = againOf(detail, detail.notifications)
  if (all.length === 0) return null
  return (
    <p className="faint told-again">
      {all.map((again, i) => (
        <span key={again.event}>
          {i > 0 && ' · '}
          <Time again={again} to={detail.escalateTo ?? []} now={now} />
        </span>
      ))}
    </p>
  )
}

function Time({ again, to, now }: { again: Again; to: readonly string[]; now: number }) {
  const { event, past, at } = again
  const whom = event === 'Escalated' && to.length > 0 && (
    <>
      {' '}
      to <Said text={to.join(', ')} />
    </>
  )
  if (past) {
    return (
      <>
        {event === 'Reminded' ? 'reminded' : 'escalated'}
        {whom} {at === undefined ? 'just now' : <Clock at={at} />}
      </>
    )
  }
  const left = (at ?? now) - now
  return (
    <>
      {event === 'Reminded' ? 'reminds' : 'escalates'}
      {whom} {left <= 0 ? 'now' : `in ${span(left)}`}
    </>
  )
}
