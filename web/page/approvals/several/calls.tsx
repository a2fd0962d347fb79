import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import type { Approval } from '../../api/types.ts'
import { JsonView } from '../../json/json-view.tsx'
import { type Leaf, leavesOf } from '../../json/leaves.ts'
import { redacted } from '../../json/redacted.ts'
import { Said } from '../../text/text.tsx'

/** More than this of one call does not fit into a list. */
const VALUES = 12
const LETTERS = 200

/** A call as it stands in the list: what of it is shown. */
interface Compact {
  readonly leaves: readonly Leaf[]
  readonly cut: boolean
}

const known = new WeakMap<object, Compact>()

/** The values of a call, as many as a list shows. */
export function compact(params: object): Compact {
  let found = known.get(params)
  if (found === undefined) {
    const leaves = leavesOf(params).flatMap(leaf => {
      // The mark of a hidden value is one value.
      const digest = leaf.path.at(-1) === '$redacted' ? redacted({ $redacted: leaf.value }) : undefined
      return digest === undefined
        ? [leaf]
        : [{ path: leaf.path.slice(0, -1), value: { $redacted: digest } as unknown }]
    })
    const long = ({ path, value }: Leaf) =>
      (typeof value === 'string' && value.length > LETTERS) || path.join('.').length > LETTERS
    found = { leaves: leaves.slice(0, VALUES), cut: leaves.length > VALUES || leaves.some(long) }
    known.set(params, found)
  }
  return found
}

/** What is about to be decided, call by call, with its values. */
export function Calls({ calls }: { calls: readonly Approval[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: calls.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 74,
    getItemKey: index => calls[index]?.uid ?? index,
    overscan: 6,
    useFlushSync: false,
    // Before the dialog is laid out there would be nothing.
    initialRect: { width: 600, height: 400 },
  })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by keys
    <section ref={frame} className="calls" aria-label="The calls" tabIndex={0}>
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const call = calls[index]
          if (call === undefined) return null
          return (
            <li
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              aria-setsize={calls.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Call call={call} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Call({ call }: { call: Approval }) {
  const { leaves, cut } = useMemo(() => compact(call.params), [call.params])
  return (
    <>
      <p>
        <code className="tool">
          <Said text={call.tool} />
        </code>{' '}
        <span className="faint">
          {call.agent} · {call.name}
        </span>
      </p>
      <dl className="call-values">
        {leaves.map(({ path, value }) => (
          <div key={JSON.stringify(path)}>
            <dt>
              <Said text={path.join(' › ').slice(0, LETTERS)} />
            </dt>
            <dd>
              <JsonView value={typeof value === 'string' ? value.slice(0, LETTERS) : value} depth={1} />
            </dd>
          </div>
        ))}
      </dl>
      {cut && <p className="mark">cut here: open it to see all</p>}
    </>
  )
}
