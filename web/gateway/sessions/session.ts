import { z } from 'zod'

/** What a sealed cookie holds: who somebody is, and never what they showed for it. Times in ms since the epoch. */
export const session = z.strictObject({
  user: z.string(),
  /** The API key that it was made with, and ends with; absent: it was a token. */
  key: z.strictObject({ id: z.string(), uid: z.string() }).optional(),
  issuedAt: z.number(),
  /** However much it is used. */
  expiresAt: z.number(),
  /** Unless it is renewed before. */
  renewBy: z.number(),
  /** So that no two are the same. */
  nonce: z.string(),
})
export type Session = z.infer<typeof session>

/** How long sessions live, in ms. */
export interface SessionTimes {
  readonly lifeMs: number
  readonly idleMs: number
}

export const defaultTimes: SessionTimes = { lifeMs: 8 * 3_600_000, idleMs: 3_600_000 }

/** The session that was sealed as this text; undefined where it is none. */
export function parseSession(text: string): Session | undefined {
  try {
    return session.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Whether its time is over. One from the future is not from us: a replica's clock is that wrong. */
export const isOver = ({ issuedAt, expiresAt, renewBy }: Session, now: number): boolean =>
  now >= expiresAt || now >= renewBy || now < issuedAt - 5 * 60_000

/** The same, used just now. */
export const renewed = (session: Session, now: number, { idleMs }: SessionTimes): Session => ({
  ...session,
  renewBy: Math.min(now + idleMs, session.expiresAt),
})

/** When a token ends by its own word, if it is a JWT that says so. The API server has checked it; we only read. */
export function endOfToken(token: string): number | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return Number.isFinite(claims?.exp) ? claims.exp * 1000 : undefined
  } catch {
    return undefined
  }
}
