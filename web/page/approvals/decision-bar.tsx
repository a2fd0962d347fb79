import { Button, Textarea } from '@mantine/core'
import { type Ref, useImperativeHandle, useRef, useState } from 'react'
import { Refused } from '../api/client.ts'
import type { Approval, Verdict } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import './decide.css'

export interface DecisionHandle {
  approve(): void
  /** Asks for the reason. */
  reject(): void
}

interface Props {
  readonly approval: Approval
  readonly ref: Ref<DecisionHandle>
  onDeciding(name: string): void
  onDecided(approval: Approval, words: string): void
}

/** Approve or reject, once: whatever is pressed while an answer is awaited does nothing. */
export function DecisionBar({ approval, ref, onDeciding, onDecided }: Props) {
  const { api, project, username } = useHere()
  const [busy, setBusy] = useState<Verdict>()
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const [trouble, setTrouble] = useState<string>()
  // Not state: a second click may come before the first is rendered.
  const sent = useRef(false)
  const own = approval.decisions.find(({ reviewer }) => reviewer === username)

  const decide = async (verdict: Verdict, why?: string) => {
    if (sent.current || own !== undefined) return
    sent.current = true
    setBusy(verdict)
    setTrouble(undefined)
    onDeciding(approval.name)
    const path = `/projects/${project}/approvals/${approval.name}`
    try {
      const body = { callDigest: approval.callDigest, ...(why === undefined ? {} : { reason: why }) }
      const answer = await api.post<Approval>(`${path}/${verdict === 'Approve' ? 'approve' : 'reject'}`, body)
      onDecided(answer, wordsFor(answer, verdict))
    } catch (error) {
      setTrouble(troubleOf(error as Error))
      const stands = error instanceof Refused && (error.status === 409 || error.status === 410)
      // As it is now; where that cannot be read the words stay.
      if (stands)
        api.get<Approval>(path).then(
          now => onDecided(now, (error as Error).message),
          () => {},
        )
    } finally {
      sent.current = false
      setBusy(undefined)
    }
  }
  useImperativeHandle(ref, () => ({
    approve: () => void decide('Approve'),
    reject: () => setAsking(true),
  }))

  if (own !== undefined) {
    return (
      <footer className="decide">
        <p>
          You have {own.verdict === 'Approve' ? 'approved' : 'rejected'}. {approval.approvals} of{' '}
          {approval.requiredApprovals} approvals are there.
        </p>
      </footer>
    )
  }
  return (
    <footer className="decide">
      {trouble !== undefined && (
        <p className="trouble" role="alert">
          {trouble}
        </p>
      )}
      {asking && (
        <Textarea
          label="Why is it rejected?"
          description={approval.onRejection === 'Continue' ? 'The agent is told.' : 'The run ends with it.'}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={4096}
          autoFocus
          value={reason}
          onChange={event => setReason(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Escape') setAsking(false)
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && reason.trim() !== '') {
              void decide('Reject', reason)
            }
          }}
        />
      )}
      <div className="decide-buttons">
        {asking ? (
          <>
            <Button
              color="red"
              size="md"
              loading={busy === 'Reject'}
              disabled={reason.trim() === ''}
              onClick={() => void decide('Reject', reason)}
            >
              Reject with this reason
            </Button>
            <Button variant="default" size="md" onClick={() => setAsking(false)}>
              Back
            </Button>
          </>
        ) : (
          <>
            <Button
              size="md"
              className="approve"
              loading={busy === 'Approve'}
              onClick={() => void decide('Approve')}
              rightSection={<kbd>a</kbd>}
            >
              Approve
            </Button>
            <Button
              size="md"
              color="red"
              variant="outline"
              disabled={busy !== undefined}
              onClick={() => setAsking(true)}
              rightSection={<kbd>r</kbd>}
            >
              Reject…
            </Button>
          </>
        )}
        <span className="faint final">A decision is final: there is no undo.</span>
      </div>
    </footer>
  )
}

function wordsFor({ name, phase, approvals, requiredApprovals }: Approval, verdict: Verdict): string {
  if (phase !== 'Pending') return `${name} is ${phase}.`
  if (verdict === 'Approve' && approvals < requiredApprovals) {
    return `You approved ${name}: ${approvals} of ${requiredApprovals} approvals are there.`
  }
  return `Your decision on ${name} is written. The operator has not settled it yet.`
}

const troubleOf = (error: Error): string =>
  error instanceof Refused
    ? error.status === 403
      ? `You may not decide this. ${error.message}`
      : error.message
    : `${error.message} It is not known whether your decision arrived. Decide again: the same decision twice does no harm.`
