import { pieces } from '../text/visible.ts'

/** A text for places that take no more than a string: what could deceive stands in it by its number, in brackets. */
export const plain = (text: string): string =>
  pieces(text)
    .map(piece =>
      'text' in piece ? piece.text : 'hidden' in piece ? `[${piece.hidden}]` : piece.rightToLeft,
    )
    .join('')
