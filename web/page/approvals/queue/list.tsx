import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react'
import type { Approval } from '../../api/types.ts'
import { useMoved, usePointing } from './pointing.ts'
import { PendingRow } from './row.tsx'
import { free, type Line, type Steady, steady } from './steady.ts'

/** Height of a line with the gap beneath it, as in queue.css. */
const LINE = 92
const PAGE = 8
const estimateSize = () => LINE

export interface ListHandle {
  /** The request so many lines away from the chosen one; it is brought into view. */
  step(by: number): Approval | undefined
}

interface Props {
  readonly ref: Ref<ListHandle>
  /** What waits, filtered, nearest deadline first. */
  readonly waiting: readonly Approval[]
  /** What they are filtered by: another filter is another list. */
  readonly filter: string
  readonly chosen: string | undefined
  readonly selected: ReadonlyMap<string, Approval>
  onChoose(approval: Approval): void
  /** As `onChoose`, by a key. */
  onStep(approval: Approval): void
  onSelect(approval: Approval, among: readonly Approval[] | undefined): void
  onHeld(count: number): void
}

/** The lines in view, of however many wait. */
export function PendingList(props: Props) {
  const { ref, waiting, filter, chosen, selected, onChoose, onStep, onSelect, onHeld } = props
  const frame = useRef<HTMLDivElement>(null)
  const pointing = usePointing(frame)
  const { moved, meant } = useMoved(frame)
  const before = useRef<{ readonly filter: string; readonly state: Steady }>(undefined)
  const view = useRef({ start: 0, end: 0 })
  const fixed = pointing && before.current?.filter === filter
  const state = useMemo(
    () => (fixed ? steady(before.current?.state.lines ?? [], waiting, view.current.end) : free(waiting)),
    [fixed, waiting],
  )
  const { lines } = state
  const at = lines.findIndex(({ approval, gone }) => !gone && approval.name === chosen)

  // The same functions as long as the lines are: otherwise all places would be worked out anew at each step.
  const getItemKey = useCallback((index: number) => lines[index]?.approval.uid ?? index, [lines])
  const rangeExtractor = useCallback(
    (range: Range) => {
      view.current = { start: range.startIndex, end: range.endIndex }
      const found = defaultRangeExtractor(range)
      // The chosen line is there also out of view, so that it keeps the focus.
      return at === -1 || found.includes(at) ? found : [...found, at].sort((a, b) => a - b)
    },
    [at],
  )
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize,
    getItemKey,
    rangeExtractor,
    overscan: 6,
    useFlushSync: false,
  })

  useLayoutEffect(() => {
    const old = before.current
    before.current = { filter, state }
    if (old === undefined || old.state === state || frame.current === null) return
    keepPlace(frame.current, old.state.lines, lines, view.current.start)
    if (!sameLines(old.state.lines, lines, view.current)) moved()
  })
  useEffect(() => onHeld(state.held), [onHeld, state.held])

  // The focus goes with the choice, where it was in the list.
  const follow = useRef(false)
  useEffect(() => {
    if (!follow.current || chosen === undefined) return
    follow.current = false
    frame.current
      ?.querySelector<HTMLElement>(`[data-name="${chosen}"] .row-open`)
      ?.focus({ preventScroll: true })
  })
  const choose = useCallback(
    (index: number) => {
      const line = lines[index]
      if (line === undefined) return undefined
      virtualizer.scrollToIndex(index, { align: 'auto' })
      if (frame.current?.contains(document.activeElement) === true) follow.current = true
      return line.approval
    },
    [lines, virtualizer],
  )
  // Where the chosen one was settled, one goes on from its place.
  const lastAt = useRef(-1)
  useEffect(() => {
    if (at !== -1) lastAt.current = at
  }, [at])
  const step = (by: number): Approval | undefined => {
    const open = nextOpen(lines, at === -1 && chosen !== undefined ? lastAt.current - 0.5 : at, by)
    return open === -1 ? undefined : choose(open)
  }
  useImperativeHandle(ref, () => ({ step }))
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const by = steps[event.key]
    if (by === undefined) return
    event.preventDefault()
    const next = step(by)
    if (next !== undefined) onStep(next)
  }
  const click = useCallback(
    (approval: Approval, event: MouseEvent) => {
      if (meant(event)) onChoose(approval)
    },
    [meant, onChoose],
  )
  const order = useRef(lines)
  useEffect(() => {
    order.current = lines
  })
  const select = useCallback(
    (approval: Approval, range: boolean) =>
      onSelect(approval, range ? order.current.map(line => line.approval) : undefined),
    [onSelect],
  )
  const items = virtualizer.getVirtualItems()
  const reachable = at === -1 ? (items[0]?.index ?? 0) : at
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move between the buttons in it
    <div ref={frame} className="queue-frame" onKeyDown={press}>
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const line = lines[index]
          if (line === undefined) return null
          return (
            <li
              key={key}
              aria-setsize={lines.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <PendingRow
                approval={line.approval}
                gone={line.gone}
                chosen={index === at}
                selected={selected.has(line.approval.uid)}
                reachable={index === reachable}
                onChoose={click}
                onSelect={select}
              />
            </li>
          )
        })}
      </ul>
    </div>
  )
}

const steps: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE,
  PageUp: -PAGE,
  End: Number.POSITIVE_INFINITY,
  Home: Number.NEGATIVE_INFINITY,
}

/** The line so many away from `at` that still waits; at the ends the last one. */
function nextOpen(lines: readonly Line[], at: number, by: number): number {
  const open = lines.flatMap(({ gone }, index) => (gone ? [] : [index]))
  const here = open.findLastIndex(index => index <= at)
  const onIt = here !== -1 && open[here] === at
  const from = onIt || by > 0 ? here : here + 1
  return open[Math.min(open.length - 1, Math.max(0, from + by))] ?? -1
}

/** Where somebody has scrolled, the first line in view stays where it is, whatever comes or goes above it. */
function keepPlace(frame: HTMLElement, old: readonly Line[], now: readonly Line[], start: number): void {
  if (frame.scrollTop === 0 || old === now) return
  for (let index = start; index < Math.min(old.length, start + 20); index++) {
    const uid = old[index]?.approval.uid
    const to =
      now[index]?.approval.uid === uid ? index : now.findIndex(({ approval }) => approval.uid === uid)
    if (to === -1) continue
    if (to !== index) frame.scrollTop += (to - index) * LINE
    return
  }
}

/** Whether each line that was in view is where it was. */
const sameLines = (
  old: readonly Line[],
  now: readonly Line[],
  { start, end }: { readonly start: number; readonly end: number },
): boolean =>
  old.slice(start, end + 1).every(({ approval }, i) => now[start + i]?.approval.uid === approval.uid)
