// As in cli/text/visible.ts: every character that a screen would act on, hide, or draw in another order than it stands.
const DECEIVES = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu

/** A stretch of text as it is, or one character that could deceive, to be shown by its number. */
export type Piece = { readonly text: string } | { readonly hidden: string; readonly newline: boolean }

/** Cuts `text` into what may be shown as it is and what may not. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const match of text.matchAll(DECEIVES)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) })
    const code = match[0].codePointAt(0) ?? 0
    found.push({ hidden: nameOf(code), newline: match[0] === '\n' })
    from = match.index + match[0].length
  }
  if (from < text.length) found.push({ text: text.slice(from) })
  return found
}

const nameOf = (code: number): string =>
  ({ 9: 'TAB', 10: '↵', 13: 'CR', 160: 'NBSP' })[code] ??
  `U+${code.toString(16).toUpperCase().padStart(4, '0')}`

/** Whether it has letters that are written from right to left, so that a screen may draw it in another order. */
export const runsRightToLeft = (text: string): boolean =>
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(text)
