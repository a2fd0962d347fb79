import { Button, Drawer } from '@mantine/core'
import { useState } from 'react'
import type { Run } from '../api/types.ts'
import { PhaseBadge } from '../approvals/detail.tsx'
import { JsonView } from '../json/json-view.tsx'
import { useHere, useLoaded, useSnapshot } from '../live/hooks.ts'
import { go, type Place } from '../router.ts'
import { Said } from '../text/text.tsx'
import { span } from '../text/time.ts'
import { Timeline } from './timeline.tsx'
import './runs.css'

/** The run of the address, over whatever page is beneath. */
export function RunDrawer({ place }: { place: Place }) {
  const name = place.run ?? (place.section === 'runs' ? place.name : undefined)
  const close = () => {
    const { run: _, ...beneath } = place
    const { name: __, ...list } = beneath
    go(place.run === undefined ? list : beneath)
  }
  return (
    <Drawer
      opened={name !== undefined}
      onClose={close}
      position="right"
      size="xl"
      title={name === undefined ? '' : `Run ${name}`}
      closeButtonProps={{ 'aria-label': 'Close the run' }}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
    >
      {name !== undefined && <RunDetail key={name} name={name} />}
    </Drawer>
  )
}

function RunDetail({ name }: { name: string }) {
  const { api, project } = useHere()
  const { changes } = useSnapshot()
  const path = `/projects/${project}/runs/${name}`
  const { value: run, error } = useLoaded(signal => api.get<Run>(path, {}, signal), name, changes)
  if (run === undefined) return error === undefined ? null : <p className="trouble">{error.message}</p>
  const { requestedBy, agent, phase, startedAt, finishedAt, input, context, output, failure } = run
  const took =
    startedAt === undefined || finishedAt === undefined ? undefined : between(startedAt, finishedAt)
  return (
    <div className="run">
      <p className="run-head">
        <PhaseBadge phase={phase} /> {agent}
        <span className="faint">
          {requestedBy !== undefined && ` · started by ${requestedBy}`}
          {took !== undefined && ` · took ${took}`}
        </span>
      </p>
      {failure !== undefined && (
        <div className="failure" role="alert">
          <strong>{failure.reason}</strong> <Said text={failure.message} />
        </div>
      )}
      {output !== undefined && (
        <Part title="Output">
          <Said text={output} />
        </Part>
      )}
      {input !== undefined && (
        <Part title="Input">
          <Said text={input} />
        </Part>
      )}
      {context !== undefined && (
        <Part title="Context">
          <JsonView value={context} />
        </Part>
      )}
      <Part title="What happened">
        <Timeline run={run} />
      </Part>
      <Cancel run={run} path={path} />
    </div>
  )
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="part">
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** Ends a run that has not ended; asked twice, as nothing brings it back. */
function Cancel({ run, path }: { run: Run; path: string }) {
  const { api } = useHere()
  const [sure, setSure] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  if (['Succeeded', 'Failed', 'Cancelled'].includes(run.phase)) return null
  if (run.cancel) return <p className="faint">It has been asked to end.</p>
  const cancel = () => {
    if (!sure) return setSure(true)
    api.post(`${path}/cancel`, {}).then(
      () => setSure(false),
      error => setTrouble(error.message),
    )
  }
  return (
    <>
      {trouble !== undefined && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      <Button color="red" variant={sure ? 'filled' : 'outline'} onClick={cancel}>
        {sure ? 'Yes, end this run for good' : 'Cancel the run…'}
      </Button>
    </>
  )
}

const between = (from: string, to: string): string => span(Date.parse(to) - Date.parse(from))
