import type { Approval } from '../api/types.ts'
import { useNow } from '../live/hooks.ts'
import { span } from '../text/time.ts'

/** Time left until it expires, ticking. */
export function TimeLeft({ approval }: { approval: Approval }) {
  const left = Date.parse(approval.expiresAt) - useNow()
  const state = left <= 0 ? 'over' : left < 120_000 ? 'soon' : 'fine'
  return (
    <span className="time-left" data-state={state} title={`expires ${approval.expiresAt}`}>
      {left <= 0 ? 'time is over' : `${span(left)} left`}
    </span>
  )
}

export function Age({ approval }: { approval: Approval }) {
  return <>{span(useNow() - Date.parse(approval.requestedAt))}</>
}
