import { type MouseEvent, memo } from 'react'
import type { Approval } from '../../api/types.ts'
import { redacted } from '../../json/redacted.ts'
import { Said } from '../../text/text.tsx'
import { PhaseBadge } from '../phase.tsx'
import { TimeLeft } from '../times.tsx'

interface Props {
  readonly approval: Approval
  /** It was settled a moment ago and keeps its place. */
  readonly gone: boolean
  readonly chosen: boolean
  readonly selected: boolean
  /** Whether the tab key comes here. */
  readonly reachable: boolean
  onChoose(approval: Approval, event: MouseEvent): void
  /** `range`: with all between this one and the last that was selected. */
  onSelect(approval: Approval, range: boolean): void
}

/** A waiting request in the list: what, how much of it at a glance, and how long there is. */
export const PendingRow = memo(function PendingRow(props: Props) {
  const { approval, gone, chosen, selected, reachable, onChoose, onSelect } = props
  const { name, tool, agent, params, requiredApprovals, approvals } = approval
  const tabIndex = reachable ? 0 : -1
  return (
    <div
      className="row"
      data-name={gone ? undefined : name}
      data-gone={gone || undefined}
      data-chosen={chosen}
    >
      <label className="row-check">
        <input
          type="checkbox"
          aria-label={`Select ${name}`}
          checked={selected}
          disabled={gone}
          tabIndex={tabIndex}
          onChange={event => onSelect(approval, (event.nativeEvent as globalThis.MouseEvent).shiftKey)}
        />
      </label>
      <button
        type="button"
        className="row-open"
        aria-current={chosen ? 'true' : undefined}
        tabIndex={tabIndex}
        onClick={event => onChoose(approval, event)}
      >
        <span className="row-top">
          <code className="tool">
            <Said text={tool} />
          </code>
          {gone ? <PhaseBadge phase="Settled" /> : <TimeLeft approval={approval} />}
        </span>
        <span className="row-params">
          <Said text={glanceOf(params)} />
        </span>
        <span className="row-agent faint">
          {agent}
          {requiredApprovals > 1 && ` · ${approvals} of ${requiredApprovals} approvals`}
        </span>
      </button>
    </div>
  )
})

/** The plain values first: `amount 2400 · order ORD-1287`. */
function glanceOf(params: object): string {
  let glance = ''
  for (const [name, value] of Object.entries(params)) {
    if (glance.length > 120) break
    if (typeof value === 'object' && redacted(value) === undefined) continue
    const words = redacted(value) === undefined ? String(value).slice(0, 40) : '(redacted)'
    glance += `${glance === '' ? '' : ' · '}${name.slice(0, 40)} ${words}`
  }
  return glance.slice(0, 140) || JSON.stringify(params).slice(0, 140)
}
