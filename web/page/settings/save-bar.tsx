import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Refused, Unreachable } from '../api/client.ts'
import { useProject } from '../live/project.ts'
import type { SettingsHandle } from './store.ts'

/** Saves, and says what became of it. */
export function SaveBar({ settings, conflict }: { settings: SettingsHandle; conflict: boolean }) {
  const { unsaved, saving, saved, trouble, discard } = settings
  const { refresh } = useProject()
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (trouble === undefined) return
    if (trouble instanceof Refused && trouble.status === 403) refresh()
    // To the first field that was refused.
    bar.current?.closest('form')?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [trouble, refresh])
  return (
    <div className="settings-bar" ref={bar}>
      <div aria-live="polite" className="settings-state">
        {trouble !== undefined && !conflict ? (
          <span className="trouble">{wordsOf(trouble)}</span>
        ) : conflict ? (
          'Not saved. Somebody else saved meanwhile: choose at the top what becomes of yours.'
        ) : unsaved ? (
          'Not saved yet.'
        ) : saved ? (
          'Saved. It holds from now on.'
        ) : (
          <span className="faint">Nothing is changed.</span>
        )}
      </div>
      <div className="settings-buttons">
        <Button type="submit" loading={saving} disabled={!unsaved || conflict}>
          Save
        </Button>
        <Button variant="default" disabled={!unsaved || saving} onClick={discard}>
          Drop the changes
        </Button>
      </div>
    </div>
  )
}

function wordsOf(trouble: Error): string {
  if (trouble instanceof Unreachable) {
    return `${trouble.message} It is not known whether it was saved: it is read again when there is an answer.`
  }
  if (trouble instanceof Refused && trouble.code === 'Conflict')
    return 'Somebody else saved first. Nothing of yours is saved.'
  const marked = trouble instanceof Refused && trouble.errors.length > 0
  return marked ? 'Not saved. What is wrong is marked above.' : `Not saved. ${trouble.message}`
}
