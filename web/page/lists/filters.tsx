import type { ReactNode } from 'react'
import { go, type Query, usePlace } from '../router.ts'
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

/** What a field for one filter is made with. */
export interface FilterField {
  readonly filters: Filters
  readonly name: string
  readonly label: string
}

/** One of a few values. `all` is what no choice means. */
export function Choice(
  props: FilterField & { all: string; options: readonly (readonly [string, string])[] },
) {
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
