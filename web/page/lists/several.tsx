import { type FocusEvent, type KeyboardEvent, useEffect, useRef } from 'react'
import type { FilterField } from './filters.tsx'

/** Any of several values, comma-separated in the address. */
export function Several(
  props: FilterField & { all: string; options: readonly (readonly [string, string])[] },
) {
  const { filters, name, label, all, options } = props
  const box = useRef<HTMLDetailsElement>(null)
  const chosen = (filters.query[name] ?? '').split(',').filter(Boolean)
  const words = options.filter(([one]) => chosen.includes(one)).map(([, said]) => said)
  const close = () => {
    if (box.current !== null) box.current.open = false
  }
  useEffect(() => {
    const press = (event: PointerEvent) => {
      if (box.current !== null && !box.current.contains(event.target as Node)) box.current.open = false
    }
    addEventListener('pointerdown', press)
    return () => removeEventListener('pointerdown', press)
  }, [])
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
      <details className="choose-several" ref={box} onBlur={leave} onKeyDown={press}>
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
