import type { InboxItem } from '../api/types.ts'
import { pieces } from '../text/visible.ts'

const LONGEST = 120

/**
 * Words for where only plain text can stand: what could deceive is said by its number, what is written from right to left
 * moves nothing around it, and there is an end to it.
 */
export function plainly(text: string): string {
  const words = pieces(text, true).map(piece => {
    if ('hidden' in piece) return `[${piece.hidden}]`
    if ('rightToLeft' in piece) return `\u2067${piece.rightToLeft}\u2069`
    return piece.lookAlike === undefined ? piece.text : `${piece.text} [${piece.lookAlike}]`
  })
  const characters = [...words.join('')]
  if (characters.length <= LONGEST) return characters.join('')
  // Whatever was begun is ended, so that the cut moves nothing after it.
  return `${characters.slice(0, LONGEST).join('')}\u2069…`
}

/** What a notification says of a request: who asks for what, and no parameter. */
export const askingWords = ({ event, approval: { agent, tool } }: InboxItem): string => {
  if (event === 'Reminded') return `${agent} still waits to call ${plainly(tool)}`
  return `${event === 'Escalated' ? 'Escalated to you: ' : ''}${agent} asks to call ${plainly(tool)}`
}

/** `1 request waits`, `12 requests wait`. */
export const waitingWords = (count: number): string =>
  count === 1 ? '1 request waits' : `${count} requests wait`
