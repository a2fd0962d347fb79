import { Switch } from '@mantine/core'
import { useState } from 'react'
import { type Obstacle, setWish, switchOn, useWish } from './wish.ts'

/** What stands in the way, and what to do. */
export const refusals: Readonly<Record<Obstacle, string>> = {
  Impossible:
    'This browser does not show notifications of this page. It takes https (or localhost), and a browser that lets pages notify.',
  Blocked:
    'This browser blocks notifications of this page. Allow them in its settings for this site, then switch this on.',
  NotAsked: 'The browser was not allowed to notify. Switch it on again to be asked once more.',
}

/** Whether one is told in this browser while the page is in the background. The browser is asked on a click, never before. */
export function NotifySwitch() {
  const { on, obstacle } = useWish()
  const [refused, setRefused] = useState(false)
  const change = async (wanted: boolean) => {
    if (!wanted) return setWish(false)
    setRefused(!(await switchOn().catch(() => false)))
  }
  const why = obstacle !== undefined && (refused || obstacle !== 'NotAsked') ? refusals[obstacle] : undefined
  return (
    <div className="news-foot">
      <Switch
        size="xs"
        label="Tell me in this browser when the tab is in the background"
        checked={on}
        disabled={obstacle === 'Impossible'}
        onChange={event => void change(event.currentTarget.checked)}
        aria-describedby={why === undefined ? undefined : 'notify-why'}
      />
      {why !== undefined && (
        <p id="notify-why" className="news-note" role="status">
          {why}
        </p>
      )}
    </div>
  )
}
