import { memo, useEffect, useMemo, useState } from 'react'
import { useFolded } from '../text/folds.tsx'
import { looksLike } from '../text/look-alikes.ts'
import { Said } from '../text/text.tsx'
import { leavesOf } from './leaves.ts'
import { redacted } from './redacted.ts'
import { Figure, Redacted, Text, Word } from './values.tsx'
import './json.css'

const SHOWN = 40
const STEP = 500
/** After so many levels the next is folded, and begins at the left again: further to the right there is no room. */
const LEVELS = 6
/** Where there are more values than this, what holds many of them begins folded. */
const MANY = 400
const FEW = 12

interface Props {
  readonly value: unknown
  readonly depth?: number
  /** Whether it is part of very many values. */
  readonly crowded?: boolean
}

/** Parameters as they will be sent: every name and value, nothing interpreted; what is long is folded. */
export function JsonView({ value, depth = 0, crowded }: Props) {
  if (typeof value === 'string') return <Text value={value} />
  if (typeof value === 'number') return <Figure value={value} />
  if (typeof value !== 'object' || value === null) return <Word value={value} />
  const digest = redacted(value)
  if (digest !== undefined) return <Redacted digest={digest} />
  return <Entries value={value} depth={depth} crowded={crowded} />
}

function Entries(props: { value: object; depth: number; crowded: boolean | undefined }) {
  const { value, depth } = props
  const entries = useMemo(() => Object.entries(value), [value])
  const list = Array.isArray(value)
  const twins = useMemo(() => (list ? undefined : namesThatLookAlike(entries)), [list, entries])
  const size = useMemo(() => leavesOf(value).length, [value])
  const crowded = props.crowded ?? size > MANY
  const folded = depth > 0 && (depth % LEVELS === 0 || (crowded && size > FEW))
  const [count, setCount] = useState(folded ? 0 : SHOWN)
  const all = useFolded(entries.length > count)
  // Thousands are drawn over several frames, so that the page answers meanwhile.
  useEffect(() => {
    if (!all || entries.length <= count) return
    const frame = requestAnimationFrame(() => setCount(count + STEP / 2))
    return () => cancelAnimationFrame(frame)
  }, [all, count, entries.length])
  if (entries.length === 0)
    return <span className="kind">{list ? 'empty list [ ]' : 'empty object { }'}</span>
  const outdented = depth > 0 && depth % LEVELS === 0
  return (
    <>
      {outdented && <p className="level">level {depth + 1}</p>}
      <dl className={depth === 0 ? 'json json-top' : outdented ? 'json json-outdented' : 'json'}>
        {entries.slice(0, count).map(([name, item]) => (
          <Entry
            key={name}
            name={name}
            item={item}
            twins={twins}
            list={list}
            depth={depth}
            crowded={crowded}
          />
        ))}
      </dl>
      {entries.length > count && (
        <button type="button" className="fold" onClick={() => setCount(count + STEP)}>
          show {count === 0 ? '' : 'the other '}
          {(entries.length - count).toLocaleString('en')} of {entries.length.toLocaleString('en')}
        </button>
      )}
    </>
  )
}

interface EntryProps {
  readonly name: string
  readonly item: unknown
  readonly twins: ReadonlySet<string> | undefined
  readonly list: boolean
  readonly depth: number
  readonly crowded: boolean
}

/** Drawn once: where more are unfolded, those that are there stay as they are. */
const Entry = memo(function Entry({ name, item, twins, list, depth, crowded }: EntryProps) {
  return (
    <div className={isPlain(item) ? 'json-line' : 'json-block'}>
      <dt>
        {list ? <span className="faint">{Number(name) + 1}.</span> : <Name name={name} twins={twins} />}
      </dt>
      <dd>
        <JsonView value={item} depth={depth + 1} crowded={crowded} />
      </dd>
    </div>
  )
})

function Name({ name, twins }: { name: string; twins: ReadonlySet<string> | undefined }) {
  return (
    <>
      {name === '' ? <span className="kind">empty name</span> : <Said text={name} />}
      {/^\s|\s$/.test(name) && <span className="mark">with spaces around it</span>}
      {twins?.has(looksLike(name)) && <span className="mark">another name looks the same</span>}
    </>
  )
}

/** What two or more of these names look like. */
function namesThatLookAlike(entries: readonly (readonly [string, unknown])[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const [name] of entries) {
    const looks = looksLike(name)
    if (seen.has(looks)) twice.add(looks)
    seen.add(looks)
  }
  return twice
}

const isPlain = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  redacted(value) !== undefined ||
  Object.keys(value).length === 0
