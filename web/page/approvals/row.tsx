import { memo } from 'react'
import type { Approval } from '../api/types.ts'
import { useNow } from '../live/hooks.ts'
import { Said } from '../text/text.tsx'
import { span } from '../text/time.ts'

interface Props {
  readonly approval: Approval
  readonly chosen: boolean
  onChoose(name: string): void
}

/** A waiting request in the list: what, how much of it at a glance, and how long there is. */
export const PendingRow = memo(function PendingRow({ approval, chosen, onChoose }: Props) {
  const { name, tool, agent, params } = approval
  const glance = glanceOf(params)
  return (
    <li>
      <button
        type="button"
        className="row"
        aria-pressed={chosen}
        data-name={name}
        onClick={() => onChoose(name)}
      >
        <span className="row-top">
          <code className="tool">
            <Said text={tool} />
          </code>
          <TimeLeft approval={approval} />
        </span>
        <span className="row-params">
          <Said text={glance} />
        </span>
        <span className="faint">{agent}</span>
      </button>
    </li>
  )
})

/** Time left until it expires, ticking. */
export function TimeLeft({ approval }: { approval: Approval }) {
  const now = useNow()
  const left = Date.parse(approval.expiresAt) - now
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

/** The plain values first: `amount 2400 · order ORD-1287`. */
function glanceOf(params: object): string {
  const plain = Object.entries(params).flatMap(([name, value]) =>
    typeof value === 'object' ? [] : [`${name} ${String(value).slice(0, 40)}`],
  )
  return plain.join(' · ').slice(0, 120) || JSON.stringify(params).slice(0, 120)
}
