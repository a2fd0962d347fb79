import type { NotificationPreview } from '../api/types.ts'
import { Said } from '../text/text.tsx'

type Delivery = NotificationPreview['channels']['email']

/** Says of a channel what is not ready in this installation, so that nobody waits for what nothing sends. */
export function NotReady({ of }: { of: Delivery | undefined }) {
  if (of?.problem === undefined) return null
  return (
    <span className="settings-not-ready">
      <strong>{of.delivers ? 'Not all of it is ready.' : 'Not ready: nothing is sent.'}</strong>{' '}
      <Said text={of.problem} />
    </span>
  )
}
