import { useDraft } from './draft.ts'
import type { Filters } from './filters.tsx'
import { fromLocal, lasts, timeFilters, toLocal } from './time-range.ts'

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
