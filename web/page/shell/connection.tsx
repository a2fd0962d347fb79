import { Button } from '@mantine/core'
import { useHere, useNow, useSnapshot } from '../live/hooks.ts'
import { moment, span } from '../text/time.ts'

/** Whether what is shown is kept up to date. */
export function ConnectionState() {
  const { connection } = useSnapshot()
  const words = { Connecting: 'Connecting', Live: 'Live', Lost: 'Disconnected' }[connection.state]
  return (
    <span className="connection" data-state={connection.state} role="status">
      {words}
    </span>
  )
}

/** Says that it is not, since when, and lets one try at once. */
export function Disconnected() {
  const { connection } = useSnapshot()
  if (connection.state !== 'Lost') return null
  return <Lost why={connection.why} since={connection.since} />
}

function Lost({ why, since }: { why: string; since: number }) {
  const { feed } = useHere()
  return (
    <div className="banner">
      <div role="alert">
        <strong>Disconnected.</strong> {why} What you see may be old.
      </div>
      <span className="banner-since">
        <Since time={since} />
        <Button size="compact-xs" variant="default" onClick={() => feed.tryNow()}>
          Try now
        </Button>
      </span>
    </div>
  )
}

function Since({ time }: { time: number }) {
  const now = useNow()
  return (
    <>
      Since {moment(new Date(time).toISOString(), now)} ({span(now - time)}), trying again…
    </>
  )
}
