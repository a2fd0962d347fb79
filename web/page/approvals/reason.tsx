import { Button, CopyButton, Textarea } from '@mantine/core'
import type { Approval } from '../api/types.ts'
import { overtakenBy } from './troubles.ts'

interface Props {
  readonly onRejection: Approval['onRejection'] | 'Several'
  readonly value: string
  onChange(value: string): void
  onSend(): void
  onBack(): void
}

const told = {
  Continue: 'The agent is told.',
  Fail: 'The run ends with it.',
  Several: 'Each run ends with it, or its agent is told.',
} as const

/** Asks why something is rejected. */
export function ReasonField({ onRejection, value, onChange, onSend, onBack }: Props) {
  return (
    <Textarea
      label="Why is it rejected?"
      description={told[onRejection]}
      autosize
      minRows={2}
      maxRows={6}
      maxLength={4096}
      autoFocus
      value={value}
      onChange={event => onChange(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation()
          onBack()
        }
        if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && !event.repeat) onSend()
      }}
    />
  )
}

/** A reason that was written while the request was settled otherwise: it went nowhere, and is not lost. */
export function Unsent(props: { approval: Approval; reason: string; onClose(): void }) {
  const { approval, reason, onClose } = props
  const what = approval.phase === 'Pending' ? 'Its time ran out' : overtakenBy(approval)
  return (
    <footer className="decide">
      <p role="alert">
        <strong>{what} while you were writing.</strong> Your reason was not sent:
      </p>
      <Textarea aria-label="Your reason, not sent" value={reason} readOnly autosize maxRows={6} />
      <div className="decide-buttons">
        <CopyButton value={reason}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy it'}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={onClose}>
          Let it go
        </Button>
      </div>
    </footer>
  )
}
