import { Button } from '@mantine/core'
import { useEffect, useId, useState } from 'react'
import type { Run } from '../../api/types.ts'
import type { Place } from '../../router.ts'
import { useContextChoice } from './context.tsx'
import { useRights } from './rights.ts'
import { useStarting } from './starting.ts'
import './again.css'

interface Props {
  readonly run: Run
  readonly place: Place
  /** Whether the box stands open: the agent asks something. */
  readonly open: boolean
}

/** Answers an agent whose run has ended: another run goes on with the conversation. */
export function Answer({ run, place, open }: Props) {
  const [wanted, setWanted] = useState(false)
  // Somebody may be writing in it: once open, it stays.
  const [shown, setShown] = useState(open)
  useEffect(() => {
    if (open || wanted) setShown(true)
  }, [open, wanted])
  if (open || shown) return <AnswerForm run={run} place={place} asks={open} focus={wanted} />
  return (
    <p>
      <button type="button" className="fold" onClick={() => setWanted(true)}>
        Answer, and go on with this conversation…
      </button>
    </p>
  )
}

function AnswerForm(props: { run: Run; place: Place; asks: boolean; focus: boolean }) {
  const { run, place, asks, focus } = props
  const id = useId()
  const { startRuns } = useRights()
  const [text, setText] = useState('')
  const { sending, trouble, contextRefused, start } = useStarting(place)
  const { made, context, question } = useContextChoice(run, contextRefused)
  if (startRuns === false) {
    return <p className="faint">Members may answer it in another run; you may not start runs here.</p>
  }
  const ready = made && text.trim() !== ''
  const send = () => {
    if (!ready) return
    const { agent, name } = run
    void start({ agent, input: text, continueFrom: name, ...(context === undefined ? {} : { context }) })
  }
  return (
    <form
      className="again"
      data-asks={asks}
      aria-label="Answer"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      <label htmlFor={`${id}-text`}>Answer, and go on with this conversation</label>
      <textarea
        id={`${id}-text`}
        rows={3}
        maxLength={65_536}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: somebody has just asked for it
        autoFocus={focus}
        aria-describedby={`${id}-what`}
        onChange={event => setText(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && !event.repeat) send()
        }}
      />
      <p className="faint" id={`${id}-what`}>
        It starts another run of {run.agent}, in your name, that knows what was said and done here.
      </p>
      {question}
      {trouble !== undefined && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      <div className="confirm-buttons">
        <Button type="submit" disabled={!ready} aria-disabled={sending}>
          {sending ? 'Sending…' : 'Send the answer'}
        </Button>
      </div>
    </form>
  )
}
