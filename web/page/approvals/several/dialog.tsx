import { Button, Modal } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import type { Approval, Verdict } from '../../api/types.ts'
import { useHere } from '../../live/hooks.ts'
import { useProject } from '../../live/project.ts'
import { mayDecide } from '../may.ts'
import { ReasonField } from '../reason.tsx'
import { Calls, compact } from './calls.tsx'
import { type Answer, groupsOf } from './outcome.ts'
import { Report } from './report.tsx'
import { type Sent, sendAll } from './send.ts'
import { Summary } from './summary.tsx'
import './several.css'

interface Props {
  readonly verdict: Verdict
  /** As they were when somebody asked for this dialog: what is shown is what is decided. */
  readonly asked: readonly Approval[]
  onDeciding(names: readonly string[]): void
  onAnswers(answers: readonly Answer[]): void
  /** UIDs of those of which nothing is left to decide. */
  onOver(uids: readonly string[]): void
  onClose(): void
}

/** Shows what is about to be decided together, asks once, sends it, and says what became of each. */
export function SeveralDialog({ verdict, asked, onDeciding, onAnswers, onOver, onClose }: Props) {
  const { api, project, username } = useHere()
  const { value, refresh } = useProject()
  const [reason, setReason] = useState('')
  const [count, setCount] = useState<number>()
  const [sent, setSent] = useState<Sent>()
  const [withCut, setWithCut] = useState(true)
  const started = useRef(false)
  const stop = useRef(new AbortController())
  const [opened] = useState(() => api.now())
  const { calls, left, cut } = useMemo(() => {
    const judged = asked.map(call => ({ call, ...mayDecide(call, username, value?.you, opened) }))
    const may = judged.flatMap(({ call, may }) => (may ? [call] : []))
    const cut = may.filter(({ params }) => compact(params).cut)
    return {
      calls: withCut ? may : may.filter(({ params }) => !compact(params).cut),
      left: judged.filter(({ may }) => !may),
      cut: cut.length,
    }
  }, [asked, username, value, opened, withCut])
  const doing = verdict === 'Approve' ? 'Approve' : 'Reject'
  const running = count !== undefined && sent === undefined

  const send = async () => {
    if (started.current || calls.length === 0 || (verdict === 'Reject' && reason.trim() === '')) return
    started.current = true
    setCount(0)
    onDeciding(calls.map(({ name }) => name))
    const wishes = calls.map(({ name, callDigest }) => ({
      name,
      verdict,
      callDigest,
      ...(verdict === 'Reject' ? { reason } : {}),
    }))
    const progress = (answers: readonly Answer[]) => {
      setCount(old => (old ?? 0) + answers.length)
      onAnswers(answers)
      const over = new Set(
        groupsOf(answers, verdict).flatMap(({ kind, names }) => (kind === 'Open' ? [] : names)),
      )
      onOver(calls.filter(({ name }) => over.has(name)).map(({ uid }) => uid))
    }
    const all = await sendAll(api, project, wishes, progress, stop.current.signal)
    if (all.answers.some(({ status }) => status === 403)) refresh()
    setSent(all)
  }
  return (
    <Modal
      opened
      // While they are sent there is a button to stop it: an accidental key does not hide how far it is.
      onClose={() => running || onClose()}
      withCloseButton={!running}
      closeButtonProps={{ 'aria-label': 'Close' }}
      closeOnClickOutside={false}
      title={
        sent === undefined ? `${doing} ${calls.length.toLocaleString('en')} calls?` : 'What became of them'
      }
      size="xl"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
    >
      {sent !== undefined ? (
        <Report groups={groupsOf(sent.answers, verdict)} sent={sent} onClose={onClose} />
      ) : (
        <div className="several-ask">
          <Summary calls={calls} left={left} />
          {cut > 0 && (
            <p className="folded-parts">
              {cut === 1 ? '1 call has' : `${cut} calls have`} more than this list shows.{' '}
              <button type="button" className="fold" disabled={running} onClick={() => setWithCut(!withCut)}>
                {withCut
                  ? `leave ${cut === 1 ? 'it' : 'them'} out`
                  : `take ${cut === 1 ? 'it' : 'them'} in again`}
              </button>
            </p>
          )}
          <Calls calls={calls} />
          {verdict === 'Reject' && !running && (
            <ReasonField
              onRejection="Several"
              value={reason}
              onChange={setReason}
              onSend={() => void send()}
              onBack={onClose}
            />
          )}
          {running && (
            <p role="status">
              {count.toLocaleString('en')} of {calls.length.toLocaleString('en')} are answered…
            </p>
          )}
          <div className="decide-buttons">
            {running ? (
              <Button variant="default" onClick={() => stop.current.abort()}>
                Stop after those that are under way
              </Button>
            ) : (
              <>
                <Button
                  {...(verdict === 'Reject' ? { color: 'red' } : {})}
                  disabled={calls.length === 0 || (verdict === 'Reject' && reason.trim() === '')}
                  onClick={() => void send()}
                >
                  {doing} these {calls.length.toLocaleString('en')}
                </Button>
                <Button variant="default" onClick={onClose}>
                  Back
                </Button>
              </>
            )}
            <span className="faint final">Decisions are final: there is no undo.</span>
          </div>
        </div>
      )}
    </Modal>
  )
}
