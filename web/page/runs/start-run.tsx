import { Button, Modal } from '@mantine/core'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { Refused, Unreachable } from '../api/client.ts'
import type { Agent, Page, Run } from '../api/types.ts'
import { useHere, useLoaded } from '../live/hooks.ts'
import { go } from '../router.ts'
import { bodyOf, contextOf, KeyFor } from './start.ts'
import './start-run.css'

interface Props {
  /** The agent that is chosen at first. */
  readonly agent: string | undefined
  readonly mayGiveContext: boolean
  onClose(): void
}

const DOUBLE_CLICK_MS = 500

/** Starts a run and opens it. However often the button is pressed, what was written starts one. */
export function StartRun({ agent: chosen, mayGiveContext, onClose }: Props) {
  const { api, project } = useHere()
  const { value, error } = useLoaded(
    signal => api.get<Page<Agent>>(`/projects/${project}/agents`, { limit: 500 }, signal),
    project,
    0,
  )
  const agents = value?.items.toSorted((a, b) => (a.name < b.name ? -1 : 1)) ?? []
  const [picked, setPicked] = useState(chosen)
  const agent = agents.find(({ name }) => name === picked) ?? agents[0]
  const [input, setInput] = useState('')
  const [context, setContext] = useState('')
  const [trouble, setTrouble] = useState<string>()
  const [sending, setSending] = useState(false)
  const key = useRef(new KeyFor())
  const closed = useRef(false)
  useEffect(() => {
    closed.current = false
    return () => {
      closed.current = true
    }
  }, [])
  const given = contextOf(mayGiveContext ? context : '')

  const start = async (event: FormEvent) => {
    event.preventDefault()
    if (sending || agent === undefined) return
    if ('wrong' in given) return setTrouble(given.wrong)
    setSending(true)
    // What was said stays until the answer: the button must not move away under a double click.
    const pressed = performance.now()
    const body = bodyOf(agent.name, input, given.context)
    const headers = { 'content-type': 'application/json', 'idempotency-key': key.current.of(body) }
    try {
      const answer = await api.open(`/projects/${project}/runs`, { method: 'POST', headers, body })
      const { name }: Run = await answer.json()
      // The second half of a double click must fall on this form, not on what opens in its place.
      await new Promise(done => setTimeout(done, DOUBLE_CLICK_MS - (performance.now() - pressed)))
      if (closed.current) return
      onClose()
      go({ project, section: 'runs', name })
    } catch (failed) {
      setTrouble(wordsOf(failed as Error))
      setSending(false)
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title="Start a run"
      size="lg"
      lockScroll={false}
      // What was written is not lost to a click beside it.
      closeOnClickOutside={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close without starting' }}
    >
      <form className="start-run" onSubmit={start}>
        {error !== undefined && <p className="trouble">The agents cannot be read: {error.message}</p>}
        {value !== undefined && agents.length === 0 && (
          <p>No agent is in this project. Apply one with kubectl: examples/shop has some.</p>
        )}
        <label>
          <span>Agent</span>
          <select value={agent?.name ?? ''} onChange={event => setPicked(event.currentTarget.value)} required>
            {agents.map(({ name, ready }) => (
              <option key={name} value={name}>
                {ready === 'True' ? name : `${name} (not ready)`}
              </option>
            ))}
          </select>
        </label>
        {agent !== undefined && agent.ready !== 'True' && (
          <p className="warning">
            It is not ready: its run waits until it is. {agent.detail !== undefined && `Now: ${agent.detail}`}
          </p>
        )}
        <label>
          <span>Input: what the agent is asked</span>
          <textarea
            value={input}
            onChange={event => setInput(event.currentTarget.value)}
            rows={4}
            maxLength={65_536}
            required
            data-autofocus
          />
        </label>
        {mayGiveContext && (
          <label>
            <span>Context, as a JSON object (optional): what conditions read as context.&lt;name&gt;</span>
            <textarea
              className="mono"
              value={context}
              onChange={event => setContext(event.currentTarget.value)}
              rows={4}
              spellCheck={false}
              placeholder={'{"customer_id": "C-7"}'}
              aria-invalid={'wrong' in given}
            />
          </label>
        )}
        {trouble !== undefined && (
          <p className="trouble" role="alert">
            {trouble}
          </p>
        )}
        <div className="start-run-end">
          <Button type="submit" aria-disabled={sending} disabled={agent === undefined}>
            {sending ? 'Starting…' : 'Start the run'}
          </Button>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function wordsOf(error: Error): string {
  if (error instanceof Unreachable || (error instanceof Refused && error.status >= 500)) {
    return `${error.message} It is not known whether the run was started. Press Start again: unchanged, it starts no second one.`
  }
  return error.message
}
