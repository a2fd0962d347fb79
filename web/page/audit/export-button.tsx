import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useHere } from '../live/hooks.ts'
import type { Query } from '../router.ts'
import { exportAll, type Format, fileName, save } from './export.ts'

type Standing =
  | { readonly state: 'Running'; readonly format: Format; readonly count: number }
  | { readonly state: 'Saved'; readonly name: string; readonly count: number }
  | { readonly state: 'Nothing' | 'Cancelled' }
  | { readonly state: 'Failed'; readonly why: string; readonly count: number; readonly format: Format }

interface Props {
  readonly filter: Query
  asked(filter: Query, now: number): Readonly<Record<string, string | undefined>>
}

/** Saves everything that the filters match, with how far it is and a way to stop it. */
export function ExportButtons({ filter, asked }: Props) {
  const { api, project } = useHere()
  const [standing, setStanding] = useState<Standing>()
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const begin = async (format: Format) => {
    const stop = new AbortController()
    running.current = stop
    let count = 0
    setStanding({ state: 'Running', format, count })
    try {
      const now = api.now()
      const progress = (read: number) => {
        count = read
        setStanding({ state: 'Running', format, count })
      }
      const { file } = await exportAll(api, project, asked(filter, now), format, progress, stop.signal)
      if (count === 0) return setStanding({ state: 'Nothing' })
      const name = fileName(project, format, now)
      save(name, file)
      setStanding({ state: 'Saved', name, count })
    } catch (error) {
      if (stop.signal.aborted) setStanding({ state: 'Cancelled' })
      else setStanding({ state: 'Failed', why: (error as Error).message, count, format })
    }
  }
  const busy = standing?.state === 'Running'
  return (
    <div className="export">
      <span className="export-buttons">
        {(['csv', 'jsonl'] as const).map(format => (
          <Button key={format} size="xs" variant="default" disabled={busy} onClick={() => begin(format)}>
            Export {format.toUpperCase()}
          </Button>
        ))}
        {busy && (
          <Button size="xs" variant="default" onClick={() => running.current?.abort()}>
            Cancel the export
          </Button>
        )}
      </span>
      <span role="status">{standing !== undefined && standing.state !== 'Failed' && wordsOf(standing)}</span>
      {standing?.state === 'Failed' && (
        <span className="trouble" role="alert">
          The export failed after {entries(standing.count)}, and nothing was saved: {standing.why}{' '}
          <button type="button" className="fold" onClick={() => begin(standing.format)}>
            Try again
          </button>
        </span>
      )}
    </div>
  )
}

function wordsOf(standing: Exclude<Standing, { state: 'Failed' }>): string {
  switch (standing.state) {
    case 'Running':
      return `Reading… ${entries(standing.count)} so far`
    case 'Saved':
      return `${entries(standing.count)} saved as ${standing.name}`
    case 'Cancelled':
      return 'The export was cancelled; nothing was saved.'
    case 'Nothing':
      return 'Nothing matches these filters; nothing was saved.'
  }
}

const entries = (count: number): string => (count === 1 ? '1 entry' : `${count.toLocaleString('en')} entries`)
