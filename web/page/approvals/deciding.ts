import { useEffect, useRef, useState } from 'react'
import { Refused } from '../api/client.ts'
import type { Approval, Verdict } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { useProject } from '../live/project.ts'
import { troubleOf, wordsFor } from './troubles.ts'

interface Options {
  readonly approval: Approval
  onDeciding(name: string): void
  onDecided(approval: Approval, words: string): void
}

export interface Deciding {
  /** What is under way. */
  readonly busy: Verdict | undefined
  readonly trouble: string | undefined
  decide(verdict: Verdict, reason?: string): void
}

//   nothing ── decide ──► sent ── answered ─────────────────────► done: nothing is sent any more
//      ▲                   │ ╲─── 409, 410: shown as it is now ──► done
//      ╰── anything else ──╯
/** Sends one decision, once: whatever is pressed while an answer is awaited, and after it, does nothing. */
export function useDeciding({ approval, onDeciding, onDecided }: Options): Deciding {
  const { api, project } = useHere()
  const { refresh } = useProject()
  const [busy, setBusy] = useState<Verdict>()
  const [trouble, setTrouble] = useState<string>()
  // Not state: a second click may come before the first is rendered.
  const closed = useRef(false)
  const decide = async (verdict: Verdict, reason?: string) => {
    if (closed.current) return
    closed.current = true
    setBusy(verdict)
    setTrouble(undefined)
    onDeciding(approval.name)
    const path = `/projects/${project}/approvals/${approval.name}`
    try {
      const body = { callDigest: approval.callDigest, ...(reason === undefined ? {} : { reason }) }
      const answer = await api.post<Approval>(`${path}/${verdict === 'Approve' ? 'approve' : 'reject'}`, body)
      onDecided(answer, wordsFor(answer, verdict))
    } catch (error) {
      closed.current = false
      setTrouble(troubleOf(error as Error))
      if (!(error instanceof Refused)) return
      // The right was lost: what one may is asked anew, so that the buttons say so.
      if (error.status === 403) refresh()
      // As it is now; where that cannot be read the words stay.
      if (error.status === 409 || error.status === 410) {
        const now = await api.get<Approval>(path).catch(() => undefined)
        if (now !== undefined) onDecided(now, error.message)
      }
    } finally {
      setBusy(undefined)
    }
  }
  return { busy, trouble, decide: (verdict, reason) => void decide(verdict, reason) }
}

/** So long a request is in view before it can be decided: a key meant for another does not fall upon it. */
const SETTLE_MS = 300

/** Whether what is shown has been in view for a moment: since it came, and since somebody came back to this tab. */
export function useInView(): boolean {
  const [inView, setInView] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const begin = () => {
      clearTimeout(timer)
      setInView(false)
      if (document.visibilityState === 'visible') timer = setTimeout(() => setInView(true), SETTLE_MS)
    }
    begin()
    document.addEventListener('visibilitychange', begin)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', begin)
    }
  }, [])
  return inView
}

/** Whether a moment has come by the gateway's clock; changes at the very moment. */
export function useIsPast(time: string): boolean {
  const { api } = useHere()
  const at = Date.parse(time)
  const [past, setPast] = useState(() => api.now() >= at)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      const left = at - api.now()
      setPast(left <= 0)
      // Looked at again now and then: the gateway's clock becomes better known with each answer.
      if (left > 0) timer = setTimeout(look, Math.min(left, 10_000))
    }
    look()
    return () => clearTimeout(timer)
  }, [api, at])
  return past
}
