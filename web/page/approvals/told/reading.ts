import { useEffect, useState } from 'react'
import type { Approval, ApprovalDetail } from '../../api/types.ts'
import { type Loaded, useHere, useLoaded } from '../../live/hooks.ts'

/** Whoever steps through what waits is not asked for at every step. */
const REST_MS = 150
/** While messages go out, and afterwards: nothing is told of that over the stream, as nobody waits for it. */
const SOON_MS = 3000
const LATER_MS = 20_000

/** Who was told of a request, as long as it is shown. */
export function useTold({ name, uid, phase, decisions }: Approval): Loaded<ApprovalDetail> {
  const { api, project, feed } = useHere()
  const [turn, setTurn] = useState(0)
  const told = useLoaded(
    async signal => {
      await new Promise(done => setTimeout(done, REST_MS))
      signal.throwIfAborted()
      return await api.get<ApprovalDetail>(`/projects/${project}/approvals/${name}`, {}, signal)
    },
    `${name} ${uid} ${phase} ${decisions.length}`,
    turn,
  )
  const last = told.value
  const underWay = last?.notified?.status !== 'True' || last.notifications.some(isUnderWay)
  const isOver = phase !== 'Pending' && last?.notifications.every(entry => !isUnderWay(entry)) === true
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer is followed by the next question
  useEffect(() => {
    if (isOver) return
    const timer = setTimeout(() => setTurn(count => count + 1), underWay ? SOON_MS : LATER_MS)
    return () => clearTimeout(timer)
  }, [last, told.error, isOver, underWay])
  useEffect(
    () =>
      feed.onEvent(event => {
        const again = event.type === 'ApprovalReminded' || event.type === 'ApprovalEscalated'
        if (again && event.name === name) setTurn(count => count + 1)
      }),
    [feed, name],
  )
  return told
}

const isUnderWay = ({ state }: ApprovalDetail['notifications'][number]): boolean => state === 'Retrying'
