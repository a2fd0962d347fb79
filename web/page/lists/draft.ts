import { type KeyboardEvent, useEffect, useState } from 'react'

/** What is being written into a field; `said` once it is meant: by Enter, or on leaving the field. */
export function useDraft(value: string, said: (text: string) => void) {
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
