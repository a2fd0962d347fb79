import { useId } from 'react'
import { useDraft } from './draft.ts'
import type { FilterField } from './filters.tsx'

/** A name, written or chosen: the log also holds what is there no more. */
export function Named(props: FilterField & { placeholder: string; known: readonly string[] }) {
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
