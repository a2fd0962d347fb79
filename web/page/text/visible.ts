import { isAscii, lookAlikesIn } from './look-alikes.ts'

// As in operator/policy/visible.ts: every character that a screen would act on, hide, or draw in another order than it stands;
// and those that it draws as nothing, as a box, or as its font likes.
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufffc]|(?! )\p{Zs}/u
const MARK = /\p{M}/u
/** Marks that are drawn through what stands before them, or round it. */
const OVERLAY = /[\u0334-\u0338\u20d2-\u20f0\p{Me}]/u
/** So many marks a letter carries in the languages of the world; more run into other lines. */
const MARKS = 3
const LETTER = /\p{L}/u
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}\p{Script=Yezidi}]/u
/** Dashes that pass for the hyphen of an id or for a minus. */
const DASH = /[\u2010-\u2013\u2212\u02d7\ufe58\ufe63\uff0d]/u
/** So many hidden characters in a row are named one by one. */
const NAMED = 8

/** A stretch of text, by how it may be shown. */
export type Piece =
  /** As it is; with `lookAlike`, a word whose letters are not what they look like. */
  | { readonly text: string; readonly lookAlike?: string }
  /** What could deceive, said by its number. */
  | { readonly hidden: string; readonly newline: boolean }
  /** Written from right to left: drawn by itself, so that it moves nothing around it. */
  | { readonly rightToLeft: string }

type Kind = 'text' | 'hidden' | 'newline' | 'spaces' | 'rightToLeft'

/**
 * Cuts `text` into what may be shown as it is and what may not. With `exact`, as for values, also spaces at the ends and
 * in rows, and dashes that pass for hyphens.
 */
export function pieces(text: string, exact = false): Piece[] {
  const found: Piece[] = []
  const lookAlike = lookAlikesIn(text)
  let kind = 'text' as Kind
  let run: string[] = []
  /** Whether marks may still be drawn, and how many are. */
  let marks = MARKS
  const end = () => {
    for (const piece of finished(kind, run, lookAlike)) found.push(piece)
    run = []
  }
  const put = (next: Kind, character: string) => {
    if (next !== kind) end()
    kind = next
    run.push(character)
  }
  const characters = [...text]
  const last = characters.findLastIndex(character => character !== ' ')
  for (const [i, character] of characters.entries()) {
    if (character >= '!' && character <= '~') {
      put('text', character)
      marks = /[A-Za-z]/.test(character) ? 0 : MARKS
    } else if (character === ' ') {
      const following = characters[i + 1] ?? ''
      const row = kind === 'spaces' || (following === ' ' && characters[i + 2] === ' ')
      if (exact && (found.length + run.length === 0 || i > last || row)) put('spaces', character)
      else if (kind === 'rightToLeft' && RIGHT_TO_LEFT.test(following)) put(kind, character)
      else put('text', character)
      marks = MARKS
    } else if (character === '\n') {
      put('newline', character)
      marks = MARKS
    } else if (HIDDEN.test(character)) {
      put('hidden', character)
      marks = MARKS
    } else if (MARK.test(character)) {
      if (OVERLAY.test(character) || marks >= MARKS) {
        put('hidden', character)
        marks = MARKS
      } else {
        put(kind, character)
        marks++
      }
    } else if (exact && DASH.test(character) && betweenIds(characters[i - 1], characters[i + 1])) {
      put('hidden', character)
      marks = MARKS
    } else {
      put(RIGHT_TO_LEFT.test(character) && LETTER.test(character) ? 'rightToLeft' : 'text', character)
      marks = LETTER.test(character) ? 0 : MARKS
    }
  }
  end()
  return found
}

const betweenIds = (before = '', after = ''): boolean =>
  /[A-Za-z0-9]/.test(before) && /[A-Za-z0-9]/.test(after) && /[0-9]/.test(before + after)

/** Made once: making one takes longer than cutting a page of text. */
const figures = new Intl.NumberFormat('en')

type Judge = (word: string) => string | undefined

function finished(kind: Kind, run: readonly string[], lookAlike: Judge): Piece[] {
  if (run.length === 0) return []
  const times = run.length === 1 ? '' : ` ×${figures.format(run.length)}`
  if (kind === 'newline') return [{ hidden: `↵${times}`, newline: true }]
  if (kind === 'spaces') return [{ hidden: `space${times}`, newline: false }]
  if (kind === 'rightToLeft') return [{ rightToLeft: run.join('') }]
  if (kind === 'hidden') return [{ hidden: named(run), newline: false }]
  return marked(run.join(''), lookAlike)
}

function named(run: readonly string[]): string {
  const [first = ''] = run
  if (run.length > 1 && run.every(character => character === first)) {
    return `${nameOf(first)} ×${figures.format(run.length)}`
  }
  const names = run.slice(0, NAMED).map(nameOf).join(' ')
  return run.length <= NAMED ? names : `${names} and ${figures.format(run.length - NAMED)} more`
}

function marked(text: string, lookAlike: Judge): Piece[] {
  if (isAscii(text)) return [{ text }]
  const found: Piece[] = []
  let from = 0
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    const why = lookAlike(word)
    if (why === undefined) continue
    if (index > from) found.push({ text: text.slice(from, index) })
    found.push({ text: word, lookAlike: why })
    from = index + word.length
  }
  if (from < text.length) found.push({ text: text.slice(from) })
  return found
}

const nameOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  return { 9: 'TAB', 13: 'CR', 160: 'NBSP' }[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Whether it has letters that are written from right to left, so that a screen may draw it in another order. */
export const runsRightToLeft = (text: string): boolean => RIGHT_TO_LEFT.test(text)
