import { Button } from '@mantine/core'
import { useState } from 'react'
import { useHere } from '../live/hooks.ts'
import { refusals } from './notify-switch.tsx'
import { foundImpossible, type Obstacle, obstacle } from './wish.ts'

/** Shows one notification of the browser, to see whether it comes through. */
export function TryNotification() {
  const { project } = useHere()
  const [said, setSaid] = useState('')
  const show = async () => {
    // The person is asked on their click, and what they wish is left as it is.
    if (obstacle() === 'NotAsked') await Notification.requestPermission().catch(() => 'denied')
    const inTheWay: Obstacle | undefined = obstacle()
    if (inTheWay !== undefined) return setSaid(refusals[inTheWay])
    try {
      new Notification('This is how you are told of a request', {
        body: `In the project ${project}`,
        tag: `countersign ${project} test`,
        icon: '/icon.svg',
      })
      setSaid('Shown. Where you do not see it, your system keeps notifications of this browser back.')
    } catch {
      foundImpossible()
      setSaid(refusals.Impossible)
    }
  }
  return (
    <div className="settings-test">
      <Button size="compact-sm" variant="default" onClick={() => void show()}>
        Show a browser notification
      </Button>
      <span role="status">{said}</span>
    </div>
  )
}
