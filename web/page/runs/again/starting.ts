import { useEffect, useRef, useState } from 'react'
import { Refused, Unreachable } from '../../api/client.ts'
import type { Run } from '../../api/types.ts'
import { useHere } from '../../live/hooks.ts'
import { go, type Place } from '../../router.ts'
import { placeOfRun } from '../drawer/places.ts'
import { KeyFor } from '../start.ts'

/** Body of `POST .../runs`. */
export interface RunBody {
  readonly agent: string
  readonly input: string
  readonly context?: object
  readonly continueFrom?: string
}

export interface Starting {
  readonly sending: boolean
  readonly trouble: string | undefined
  /** The gateway said that one may not set a context. */
  readonly contextRefused: boolean
  start(body: RunBody): Promise<void>
}

/** Starts a run and opens it: one, however often the button is pressed. */
export function useStarting(place: Place): Starting {
  const { api, project } = useHere()
  const [sending, setSending] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const [contextRefused, setContextRefused] = useState(false)
  const key = useRef(new KeyFor())
  // Not state: a second click may come before the first is drawn.
  const under = useRef(false)
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    return () => {
      gone.current = true
    }
  }, [])
  const start = async (given: RunBody) => {
    if (under.current) return
    under.current = true
    setSending(true)
    setTrouble(undefined)
    const body = JSON.stringify(given)
    const headers = { 'content-type': 'application/json', 'idempotency-key': key.current.of(body) }
    try {
      const answer = await api.open(`/projects/${project}/runs`, { method: 'POST', headers, body })
      const { name }: Run = await answer.json()
      // Who went elsewhere meanwhile is not taken from there.
      if (!gone.current) go(placeOfRun(place, name))
    } catch (error) {
      setTrouble(wordsOf(error as Error))
      if (error instanceof Refused && error.status === 403 && given.context !== undefined)
        setContextRefused(true)
    } finally {
      under.current = false
      setSending(false)
    }
  }
  return { sending, trouble, contextRefused, start }
}

function wordsOf(error: Error): string {
  if (error instanceof Unreachable || (error instanceof Refused && error.status >= 500)) {
    return `${error.message} It is not known whether a run was started. Press the button again: unchanged, it starts no second one.`
  }
  return error.message
}
