import { Fragment, memo, useEffect, useMemo, useState } from 'react'
import { useFolded } from './folds.tsx'
import { type Piece, pieces, runsRightToLeft } from './visible.ts'
import './text.css'

/** Longer text is folded: its beginning and its end are shown. */
const FOLD = 600
const HEAD = 420
const TAIL = 120
/** So many pieces are drawn in one go: text that is made of invisible characters has tens of thousands. */
const STEP = 1000

interface Props {
  readonly text: string
  /** For values: in quotes, with every space that nobody would see. */
  readonly quoted?: boolean
}

/**
 * Text from agents, models and other people: never markup, every character that could deceive shown by its number,
 * long text folded. `quoted` for values.
 */
export function Said({ text, quoted = false }: Props) {
  const [open, setOpen] = useState(false)
  const long = text.length > FOLD
  const all = useFolded(long && !open)
  useEffect(() => {
    if (all) setOpen(true)
  }, [all])
  const quote = quoted && <span className="quote">"</span>
  return (
    <span className={quoted && text.includes('\n') ? 'said said-lines' : 'said'}>
      <bdi dir="ltr" className="said-text">
        {quote}
        {long && !open ? (
          <>
            <Pieces text={beginning(text)} quoted={quoted} />
            <span className="folded">
              … {(text.length - beginning(text).length - ending(text).length).toLocaleString('en')} characters
              folded{' '}
              <button type="button" className="fold" onClick={() => setOpen(true)}>
                show all {text.length.toLocaleString('en')} characters
              </button>{' '}
              …
            </span>
            <Pieces text={ending(text)} quoted={quoted} />
          </>
        ) : (
          <Pieces text={text} quoted={quoted} />
        )}
        {quote}
      </bdi>
      {runsRightToLeft(text) && <span className="mark">right-to-left letters</span>}
    </span>
  )
}

// Never in the middle of a character.
const beginning = (text: string): string => text.slice(0, HEAD).replace(/[\ud800-\udbff]$/, '')
const ending = (text: string): string => text.slice(-TAIL).replace(/^[\udc00-\udfff]/, '')

function Pieces({ text, quoted }: { text: string; quoted: boolean }) {
  const [count, setCount] = useState(STEP)
  const found = useMemo(() => pieces(text, quoted), [text, quoted])
  const all = useFolded(found.length > count)
  useEffect(() => {
    if (!all || found.length <= count) return
    const frame = requestAnimationFrame(() => setCount(count + STEP))
    return () => cancelAnimationFrame(frame)
  }, [all, count, found.length])
  const slabs = Array.from({ length: Math.ceil(Math.min(count, found.length) / STEP) }, (_, i) => i)
  return (
    <>
      {slabs.map(i => (
        <Slab key={i} pieces={found} from={i * STEP} />
      ))}
      {found.length > count && (
        <button type="button" className="fold" onClick={() => setCount(count + STEP)}>
          show more of this text
        </button>
      )}
    </>
  )
}

/**
 * Drawn and laid out once: where more of a text is shown, what is there stays as it is. It begins a line, as any long
 * line does somewhere; the ends of the text's own lines are marked.
 */
const Slab = memo(function Slab({ pieces, from }: { pieces: readonly Piece[]; from: number }) {
  const shown = pieces.slice(from, from + STEP).map((piece, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
    <Fragment key={i}>{drawn(piece)}</Fragment>
  ))
  return pieces.length > STEP ? <span className="slab">{shown}</span> : shown
})

function drawn(piece: Piece) {
  if ('rightToLeft' in piece) return <bdi dir="rtl">{piece.rightToLeft}</bdi>
  if ('hidden' in piece) {
    return (
      <>
        <span className="hidden-character" title="a character that is invisible or moves others">
          {piece.hidden}
        </span>
        {piece.newline && <br />}
      </>
    )
  }
  if (piece.lookAlike === undefined) return piece.text
  return (
    <span className="look-alike" title={piece.lookAlike}>
      {piece.text}
      <span className="mark">{piece.lookAlike}</span>
    </span>
  )
}
