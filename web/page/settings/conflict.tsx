import { Button } from '@mantine/core'
import { Said } from '../text/text.tsx'
import { settingsOf } from './draft.ts'
import { differences } from './merge.ts'
import type { SettingsHandle } from './store.ts'

/** Somebody else saved while one edited: what they changed, and what to do with one's own. */
export function Conflict({ settings: { latest, edited, merge, discard } }: { settings: SettingsHandle }) {
  if (latest === undefined || edited === undefined) return null
  const { draft } = edited
  const found = differences(draft.read, settingsOf(draft), latest.value)
  return (
    <div className="settings-conflict" role="alert">
      <p>
        <strong>Somebody else saved these settings while you were changing them.</strong> They:
      </p>
      <ul>
        {found.map(({ what, both }) => (
          <li key={what}>
            <Said text={what} />
            {both && <strong> (you changed this too: yours stays)</strong>}
          </li>
        ))}
      </ul>
      <p>Yours are below, and not saved. Who it was stands in the audit log.</p>
      <div className="settings-buttons">
        <Button onClick={merge}>Put mine onto theirs</Button>
        <Button variant="default" onClick={discard}>
          Drop mine
        </Button>
      </div>
    </div>
  )
}
