import { Button } from '@mantine/core'
import { type KeyboardEvent, type Ref, useImperativeHandle, useState } from 'react'
import type { Approval } from '../api/types.ts'
import { useHere } from '../live/hooks.ts'
import { useProject } from '../live/project.ts'
import { useFolds } from '../text/folds.tsx'
import { useDeciding, useInView, useIsPast } from './deciding.ts'
import { mayDecide } from './may.ts'
import { ReasonField, Unsent } from './reason.tsx'
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

/** Approve or reject: what one may, what was not seen yet, and what became of it. Nothing is decided twice. */
export function DecisionBar({ approval, ref, onDeciding, onDecided }: Props) {
  const { api, username } = useHere()
  const { value: project } = useProject()
  const { busy, trouble, decide } = useDeciding({ approval, onDeciding, onDecided })
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const inView = useInView()
  const past = useIsPast(approval.expiresAt)
  const own = approval.decisions.find(({ reviewer }) => reviewer === username)
  const pending = approval.phase === 'Pending'
  const { may, because } = mayDecide(
    approval,
    username,
    project?.you,
    past ? Number.POSITIVE_INFINITY : api.now(),
  )
  const open = may && inView
  // Whoever has written a reason has seen what it is about.
  const reject = () => {
    if (may && reason.trim() !== '') decide('Reject', reason)
  }
  useImperativeHandle(ref, () => ({
    approve: () => open && !asking && decide('Approve'),
    reject: () => may && setAsking(true),
  }))

  // Written in vain: the words are kept.
  const unsent = asking && reason.trim() !== '' && own === undefined && (!pending || past)
  if (unsent) return <Unsent approval={approval} reason={reason} onClose={() => setReason('')} />
  if (!pending) return null
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
  if (past) {
    return (
      <footer className="decide">
        <p role="status">
          <strong>Its time is over.</strong> Nobody can decide it any more; the operator records it as
          Expired.
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
      <Unseen />
      {asking && (
        <ReasonField
          onRejection={approval.onRejection}
          value={reason}
          onChange={setReason}
          onSend={reject}
          onBack={() => setAsking(false)}
        />
      )}
      <div className="decide-buttons">
        {asking ? (
          <>
            <Button
              color="red"
              size="md"
              loading={busy === 'Reject'}
              disabled={!may || reason.trim() === ''}
              onKeyDown={oncePerPress}
              onClick={reject}
            >
              Reject with this reason
            </Button>
            <Button
              variant="default"
              size="md"
              disabled={busy !== undefined}
              onClick={() => setAsking(false)}
            >
              Back
            </Button>
          </>
        ) : (
          <>
            <Button
              size="md"
              className="approve"
              loading={busy === 'Approve'}
              disabled={!may}
              // Not yet, and nothing to see of it: it has just come into view.
              aria-disabled={!open}
              onKeyDown={oncePerPress}
              onClick={() => open && decide('Approve')}
              rightSection={<kbd>a</kbd>}
            >
              Approve
            </Button>
            <Button
              size="md"
              color="red"
              variant="outline"
              disabled={!may || busy !== undefined}
              onClick={() => setAsking(true)}
              rightSection={<kbd>r</kbd>}
            >
              Reject…
            </Button>
          </>
        )}
        <span className={may ? 'faint final' : 'final'}>
          {may ? 'A decision is final: there is no undo.' : because}
        </span>
      </div>
    </footer>
  )
}

/** What of the request is folded, so that nobody decides what they have not seen without knowing. */
function Unseen() {
  const { folded, openAll } = useFolds()
  if (folded === 0) return null
  return (
    <p className="folded-parts" role="status">
      {folded === 1 ? '1 part of this request is folded.' : `${folded} parts of this request are folded.`}{' '}
      <button type="button" className="fold" onClick={openAll}>
        unfold {folded === 1 ? 'it' : 'all'}
      </button>
    </p>
  )
}

/** A key that is held down presses once. */
function oncePerPress(event: KeyboardEvent): void {
  if (event.repeat) event.preventDefault()
}
