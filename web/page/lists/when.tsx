import { useNow } from '../live/hooks.ts'
import { ago, exactly } from './ago.ts'
import './when.css'

/** How long ago something happened, moving on; the moment itself on hover and to a screen reader. */
export function When({ time }: { time: string }) {
  const now = useNow()
  const exact = exactly(time)
  return (
    <time dateTime={time} title={exact}>
      <span aria-hidden="true">{ago(time, now)}</span>
      <span className="unseen">{exact}</span>
    </time>
  )
}
