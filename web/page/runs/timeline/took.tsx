import { exactly } from '../../lists/ago.ts'
import { useNow } from '../../live/hooks.ts'
import { span } from '../../text/time.ts'

/** How long something took, or takes, ticking; from when to when exactly on hover and to a screen reader. */
export function Took({ from, to }: { from: string; to: string | undefined }) {
  return to === undefined ? <Ticking from={from} /> : <Measured from={from} to={to} />
}

function Measured({ from, to }: { from: string; to: string }) {
  const exact = `from ${exactly(from)} to ${exactly(to)}`
  return (
    <span title={exact}>
      {inWords(Date.parse(to) - Date.parse(from))}
      <span className="unseen"> {exact}</span>
    </span>
  )
}

/** By the gateway's clock. */
function Ticking({ from }: { from: string }) {
  const exact = `since ${exactly(from)}`
  return (
    <span title={exact}>
      {span(useNow() - Date.parse(from))}
      <span className="unseen"> {exact}</span>
    </span>
  )
}

export const inWords = (ms: number): string => (ms < 1000 ? 'under 1 s' : span(ms))
