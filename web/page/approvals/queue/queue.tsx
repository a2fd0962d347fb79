import { TextInput } from '@mantine/core'
import {
  type Ref,
  useCallback,
  useDeferredValue,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { Approval, Verdict } from '../../api/types.ts'
import { useHere, useSnapshot } from '../../live/hooks.ts'
import { SeveralBar } from '../several/bar.tsx'
import { SeveralDialog } from '../several/dialog.tsx'
import type { Answer } from '../several/outcome.ts'
import { filtered } from './filter.ts'
import { type ListHandle, PendingList } from './list.tsx'
import { useSelection } from './selection.ts'
import './queue.css'

/** What the keys do. `approve` and `reject` say whether they took the key: whether anything is selected. */
export interface QueueHandle {
  move(by: number): void
  select(): void
  search(): void
  approve(): boolean
  reject(): boolean
}

interface Props {
  readonly ref: Ref<QueueHandle>
  readonly chosen: Approval | undefined
  onChoose(approval: Approval): void
  /** As `onChoose`, by a key. */
  onStep(approval: Approval): void
  onHelp(): void
  onDeciding(...names: readonly string[]): void
  /** Some of those that were selected do not wait any more. */
  onLost(names: readonly string[]): void
}

const none: readonly Approval[] = []

/** All that waits: filtered, one of them chosen, several selected. */
export function Queue({ ref, chosen, onChoose, onStep, onHelp, onDeciding, onLost }: Props) {
  const { feed } = useHere()
  const { pending, reading } = useSnapshot()
  const waiting = pending ?? none
  const [typed, setTyped] = useState('')
  const filter = useDeferredValue(typed.trim())
  const shown = useMemo(() => filtered(waiting, filter), [waiting, filter])
  const { selected, toggle, add, remove, clear } = useSelection(pending, onLost)
  const [held, setHeld] = useState(0)
  const [asked, setAsked] = useState<{ readonly verdict: Verdict; readonly calls: readonly Approval[] }>()
  const list = useRef<ListHandle>(null)
  const box = useRef<HTMLInputElement>(null)

  const ask = (verdict: Verdict): boolean => {
    if (selected.size === 0) return false
    setAsked({ verdict, calls: [...selected.values()] })
    return true
  }
  useImperativeHandle(ref, () => ({
    move: by => {
      const next = list.current?.step(by)
      if (next !== undefined) onStep(next)
    },
    select: () => {
      if (chosen?.phase === 'Pending') toggle(chosen)
    },
    search: () => box.current?.focus(),
    approve: () => ask('Approve'),
    reject: () => ask('Reject'),
  }))
  const answered = useCallback(
    (answers: readonly Answer[]) => feed.learn(...answers.flatMap(({ approval }) => approval ?? [])),
    [feed],
  )
  const close = useCallback(() => setAsked(undefined), [])
  const count = waiting.length.toLocaleString('en')
  return (
    <section className="queue" aria-label="Pending approvals">
      <h1>
        {pending === undefined ? 'Reading…' : waiting.length === 0 ? 'Nothing waits' : `${count} waiting`}
        <button type="button" className="fold" onClick={onHelp}>
          keys <kbd>?</kbd>
        </button>
      </h1>
      <TextInput
        ref={box}
        size="xs"
        aria-label="Filter what waits"
        placeholder="Filter: agent, tool, any parameter"
        value={typed}
        onChange={event => setTyped(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          setTyped('')
          box.current?.blur()
        }}
        rightSection={typed === '' ? <kbd>/</kbd> : undefined}
      />
      <p className="queue-note faint" role="status">
        {pending === undefined && reading > 0 && `${reading.toLocaleString('en')} read so far`}
        {filter !== '' && `${shown.length.toLocaleString('en')} of ${count} match`}
        {held > 0 && `${filter === '' ? '' : ' · '}${held} more as soon as you point elsewhere`}
      </p>
      <PendingList
        ref={list}
        waiting={shown}
        filter={filter}
        chosen={chosen?.name}
        selected={selected}
        onChoose={onChoose}
        onStep={onStep}
        onSelect={toggle}
        onHeld={setHeld}
      />
      <SeveralBar
        selected={selected.size}
        all={shown}
        filtered={filter !== ''}
        onAll={() => add(shown)}
        onClear={clear}
        onApprove={() => ask('Approve')}
        onReject={() => ask('Reject')}
      />
      {asked !== undefined && (
        <SeveralDialog
          verdict={asked.verdict}
          asked={asked.calls}
          onDeciding={names => onDeciding(...names)}
          onAnswers={answered}
          onOver={remove}
          onClose={close}
        />
      )}
    </section>
  )
}
