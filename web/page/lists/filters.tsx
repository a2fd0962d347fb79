import {
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { go, type Query, usePlace } from '../router.ts'
import { fromLocal, lasts, timeFilters, toLocal } from './time-range.ts'
import './filters.css'

/** The filters of the list in view, which stand in the address. */
export interface Filters {
  readonly query: Query
  /** Whether any of them is set. */
  readonly set: boolean
  change(changes: Query): void
  clear(): void
}

/** `names`: those that this list knows; what else the address says is not asked. */
export function useFilters(names: readonly string[]): Filters {
  const place = usePlace()
  const all = place.query ?? {}
  const query = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
  const change = (changes: Query) => go({ ...place, query: { ...all, ...changes } })
  return {
    query,
    set: Object.keys(query).length > 0,
    change,
    clear: () => change(Object.fromEntries(names.map(name => [name, '']))),
  }
}

/** The row of filters over a list. */
export function FilterBar(props: { label: string; filters: Filters; children: ReactNode }) {
  return (
    <search className="filters" aria-label={props.label}>
      {props.children}
      {props.filters.set && (
        <button type="button" className="fold clear-filters" onClick={props.filters.clear}>
          Clear filters
        </button>
      )}
    </search>
  )
}

interface One {
  readonly filters: Filters
  readonly name: string
  readonly label: string
}

/** One of a few values. `all` is what no choice means. */
export function Choice(props: One & { all: string; options: readonly (readonly [string, string])[] }) {
  const { filters, name, label, all, options } = props
  const value = filters.query[name] ?? ''
  const known = value === '' || options.some(([one]) => one === value)
  return (
    <label className="filter">
      <span>{label}</span>
      <select value={value} onChange={event => filters.change({ [name]: event.currentTarget.value })}>
        <option value="">{all}</option>
        {options.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
        {!known && <option value={value}>{value}</option>}
      </select>
    </label>
  )
}

/** What is being written into a field; `said` once it is meant: by Enter, or on leaving the field. */
function useDraft(value: string, said: (text: string) => void) {
  const [draft, setDraft] = useState(value)
  useEffect(() => setDraft(value), [value])
  const say = (text: string) => text !== value && said(text)
  return {
    draft,
    setDraft,
    say,
    ends: {
      onBlur: () => say(draft),
      onKeyDown: (event: KeyboardEvent) => event.key === 'Enter' && say(draft),
    },
  }
}

/** A name, written or chosen: the log also holds what is there no more. */
export function Named(props: One & { placeholder: string; known: readonly string[] }) {
  const { filters, name, label, placeholder, known } = props
  const list = useId()
  const { draft, setDraft, say, ends } = useDraft(filters.query[name] ?? '', text =>
    filters.change({ [name]: text.trim() }),
  )
  return (
    <label className="filter">
      <span>{label}</span>
      <input
        value={draft}
        placeholder={placeholder}
        list={list}
        autoComplete="off"
        spellCheck={false}
        maxLength={320}
        onChange={event => {
          const text = event.currentTarget.value
          setDraft(text)
          // One that was chosen from the list is meant as soon as it is chosen.
          if ((event.nativeEvent as InputEvent).inputType === 'insertReplacementText') say(text)
        }}
        {...ends}
      />
      <datalist id={list}>
        {known.map(one => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </label>
  )
}

/** Any of several values, comma-separated in the address. */
export function Several(props: One & { all: string; options: readonly (readonly [string, string])[] }) {
  const { filters, name, label, all, options } = props
  const box = useRef<HTMLDetailsElement>(null)
  const chosen = (filters.query[name] ?? '').split(',').filter(Boolean)
  const words = options.filter(([one]) => chosen.includes(one)).map(([, said]) => said)
  const close = () => {
    if (box.current !== null) box.current.open = false
  }
  const leave = (event: FocusEvent) => {
    if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget)) close()
  }
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || box.current?.open !== true) return
    event.stopPropagation()
    close()
    box.current.querySelector('summary')?.focus()
  }
  const toggle = (one: string) => {
    const next = chosen.includes(one) ? chosen.filter(other => other !== one) : [...chosen, one]
    filters.change({ [name]: next.join(',') })
  }
  return (
    <div className="filter">
      <span aria-hidden="true">{label}</span>
      <details className="several" ref={box} onBlur={leave} onKeyDown={press}>
        <summary aria-label={`${label}: ${words.join(', ') || all}`}>
          {words.length > 2 ? `${words.length} chosen` : words.join(', ') || all}
        </summary>
        <fieldset aria-label={label}>
          {options.map(([one, said]) => (
            <label key={one}>
              <input type="checkbox" checked={chosen.includes(one)} onChange={() => toggle(one)} />
              {said}
            </label>
          ))}
        </fieldset>
      </details>
    </div>
  )
}

/** The times that a list is narrowed to: the last hour, day or week, or from one moment to another. */
export function Times({ filters }: { filters: Filters }) {
  const { query, change } = filters
  const none = Object.fromEntries(timeFilters.map(name => [name, '']))
  const between = query.from !== undefined || query.until !== undefined
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const choose = (value: string) =>
    change(
      value === 'between'
        ? { ...none, from: new Date(Date.now() - 86_400_000).toISOString() }
        : { ...none, last: value },
    )
  return (
    <>
      <label className="filter">
        <span>Time</span>
        <select
          value={between ? 'between' : (query.last ?? '')}
          onChange={event => choose(event.currentTarget.value)}
        >
          <option value="">any</option>
          {Object.entries(lasts).map(([name, { words }]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
          <option value="between">from … to …</option>
        </select>
      </label>
      {between && (
        <>
          <Moment label={`From (${zone})`} value={query.from} onChange={from => change({ from })} />
          <Moment
            label={`To, not included (${zone})`}
            value={query.until}
            onChange={until => change({ until })}
          />
        </>
      )}
    </>
  )
}

function Moment(props: { label: string; value: string | undefined; onChange(time: string): void }) {
  const { label, value, onChange } = props
  const { draft, setDraft, ends } = useDraft(toLocal(value), local => onChange(fromLocal(local)))
  return (
    <label className="filter">
      <span>{label}</span>
      <input
        type="datetime-local"
        value={draft}
        onChange={event => setDraft(event.currentTarget.value)}
        {...ends}
      />
    </label>
  )
}
