import { useMemo, useState } from 'react'
import { Said } from '../../text/text.tsx'
import './prose.css'

/** More lines are folded. */
const FOLD = 40
const FIRST = 30

/**
 * What an agent or a person wrote, in their own lines. It stands in a box, so that its lines are not taken for lines of
 * the page; a line is shown as any text of others.
 */
export function Prose({ text }: { text: string }) {
  const [open, setOpen] = useState(false)
  const lines = useMemo(() => text.split(/\r?\n/), [text])
  const shown = open || lines.length <= FOLD ? lines : lines.slice(0, FIRST)
  return (
    <div className="prose">
      {shown.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
        <p key={i}>{line !== '' && <Said text={line} />}</p>
      ))}
      {lines.length > shown.length && (
        <button type="button" className="fold" onClick={() => setOpen(true)}>
          show all {lines.length.toLocaleString('en')} lines
        </button>
      )}
    </div>
  )
}
