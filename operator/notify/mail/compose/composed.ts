import type { Mailbox } from '../address.ts'

/** What a mail says. */
export interface Content {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** A mail, ready to be sent to one address. */
export interface Composed extends Content {
  readonly from: Mailbox
  readonly to: Mailbox
  /** With its angle brackets; the same whenever the same notices are sent. */
  readonly messageId: string
  /** The Message-ID of the mail that this one belongs to. */
  readonly references: string | undefined
  readonly date: Date
}

/** Most bytes of a mail, as it goes over the line. */
const MOST_BYTES = 100 * 1024
/** Kept for headers and the borders of its parts. */
const HEADERS = 4096

/** Bytes of a text in quoted-printable, its soft line breaks counted. */
export function encodedSize(text: string): number {
  let bytes = 0
  for (const byte of Buffer.from(text, 'utf8')) bytes += byte >= 32 && byte < 127 && byte !== 61 ? 1 : 3
  return Math.ceil(bytes * 1.06) + 16
}

/**
 * What `build` makes of the largest share of its limits (1, a half, a quarter, ...) that is small enough to be sent.
 * The smallest is so small that nothing which the API server stores makes it too large.
 */
export function withinSize(build: (share: number) => Content): Content {
  for (let share = 1; ; share /= 2) {
    const content = build(share)
    const size = encodedSize(content.text) + encodedSize(content.html)
    if (size <= MOST_BYTES - HEADERS || share < 1 / 64) return content
  }
}
