/** What becomes of notifications on one channel. */
export interface Delivery {
  readonly delivers: boolean
  /** What people are to know of it, in a sentence. */
  readonly message: string
}

/**
 * Which channels this version delivers. The gateway reports it, and the page says it where they are set, so that nobody
 * waits for a mail that nothing sends.
 */
export const deliveries = {
  email: {
    delivers: false,
    message: 'This version of Countersign sends no e-mail. What is set here is kept for one that does.',
  },
  inApp: {
    delivers: true,
    message: 'The bell of this page, and its browser notifications where one asked for them.',
  },
  webhooks: {
    delivers: false,
    message: 'This version of Countersign calls no webhooks. What is set here is kept for one that does.',
  },
} as const satisfies Readonly<Record<'email' | 'inApp' | 'webhooks', Delivery>>
