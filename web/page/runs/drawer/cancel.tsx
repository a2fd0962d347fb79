import { Button } from '@mantine/core'
import { useState } from 'react'
import { Refused } from '../../api/client.ts'
import type { Approval, Run } from '../../api/types.ts'
import { useHere } from '../../live/hooks.ts'
import { useRights } from '../again/rights.ts'

interface Props {
  readonly run: Run
  readonly requests: ReadonlyMap<string, Approval>
  /** The gateway has answered: the run is another than it was. */
  onAnswer(): void
}

/** Ends a run that has not ended; asked twice, as nothing brings it back. */
export function Cancel({ run, requests, onAnswer }: Props) {
  const { api, project } = useHere()
  const { cancelRuns } = useRights()
  const [asking, setAsking] = useState(false)
  const [sending, setSending] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const ended = run.finishedAt !== undefined
  const cancel = async () => {
    if (sending) return
    setSending(true)
    setTrouble(undefined)
    try {
      await api.post(`/projects/${project}/runs/${run.name}/cancel`, {})
      setAsking(false)
    } catch (error) {
      setTrouble(wordsOf(error as Error))
    }
    setSending(false)
    onAnswer()
  }
  const said = trouble !== undefined && (
    <p className="trouble" role="alert">
      {trouble}
    </p>
  )
  if (ended || run.cancel) {
    return (
      <>
        {said}
        {!ended && (
          <p className="faint" role="status">
            It has been asked to end.
          </p>
        )}
      </>
    )
  }
  if (cancelRuns === false) {
    return <p className="faint">Admins and owners may cancel it; you may not.</p>
  }
  if (!asking) {
    return (
      <Button color="red" variant="outline" size="xs" onClick={() => setAsking(true)}>
        Cancel the run…
      </Button>
    )
  }
  return (
    <section className="confirm" aria-label="Cancel the run">
      <p>
        <strong>End this run for good?</strong> {whatHappens(run, requests)}
      </p>
      {said}
      <div className="confirm-buttons">
        <Button color="red" aria-disabled={sending} onClick={() => void cancel()}>
          {sending ? 'Cancelling…' : 'Yes, end this run'}
        </Button>
        <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
          Let it go on
        </Button>
      </div>
    </section>
  )
}

function whatHappens(run: Run, requests: ReadonlyMap<string, Approval>): string {
  const open = [...requests.values()].filter(({ phase }) => phase === 'Pending').length
  const running = run.steps.filter(({ state }) => state === 'Executing').length
  return [
    open > 0 &&
      `${open === 1 ? 'The open request is' : `The ${open} open requests are`} cancelled with it, and ${open === 1 ? 'its call is' : 'their calls are'} not made.`,
    running > 0 &&
      `${running === 1 ? 'A call that is' : `${running} calls that are`} under way ${running === 1 ? 'is' : 'are'} waited for: a call is never cut off halfway.`,
    'Nothing that was done is undone.',
  ]
    .filter(Boolean)
    .join(' ')
}

function wordsOf(error: Error): string {
  if (error instanceof Refused && error.code === 'RunEnded') {
    return `It was too late to cancel it: the run had ended. ${error.message}`
  }
  if (error instanceof Refused && error.status === 403) return `You may not cancel this run. ${error.message}`
  if (error instanceof Refused && error.status < 500) return error.message
  return `${error.message} It is not known whether the run was told to end. Cancel it again: twice does no harm.`
}
