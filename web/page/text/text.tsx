import { Fragment, useState } from 'react'
import { pieces, runsRightToLeft } from './visible.ts'
import './text.css'

const FOLD = 600

/**
 * Text from agents, models and other people: never markup, every character that could deceive shown by its number,
 * long text folded. `quoted` for values.
 */
export function Said({ text, quoted = false }: { text: string; quoted?: boolean }) {
  const [open, setOpen] = useState(false)
  const folded = !open && text.length > FOLD
  const shown = folded ? text.slice(0, FOLD) : text
  return (
    <span className="said">
      <bdi dir="ltr" className="said-text">
        {quoted && <span className="faint">"</span>}
        {pieces(shown).map((piece, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          <Fragment key={i}>
            {'text' in piece ? (
              piece.text
            ) : (
              <>
                <span className="hidden-character" title="a character that is invisible or moves others">
                  {piece.hidden}
                </span>
                {piece.newline && <br />}
              </>
            )}
          </Fragment>
        ))}
        {quoted && !folded && <span className="faint">"</span>}
      </bdi>
      {folded && (
        <button type="button" className="fold" onClick={() => setOpen(true)}>
          show all {text.length.toLocaleString('en')} characters
        </button>
      )}
      {runsRightToLeft(text) && <span className="mark">right-to-left letters</span>}
    </span>
  )
}
