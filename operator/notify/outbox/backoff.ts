import { type BackoffOptions, backoffMs } from '../../../kube/backoff.ts'
import type { Outcome } from '../types.ts'

/** Waits before another try: 5 s, doubled up to 5 minutes, half of it random. */
const BACKOFF: BackoffOptions = { baseMs: 5000, maxMs: 300_000 }
/** A receiver that asks for more waits for no more than this. */
const LONGEST_ASKED_MS = 3_600_000

/** Milliseconds before another try, after the `attempts`th one. @param random in [0, 1) */
export const waitAfter = (
  { retryAfterMs = 0 }: Extract<Outcome, { state: 'Retrying' }>,
  attempts: number,
  random: number,
): number =>
  Math.max(backoffMs(Math.max(attempts, 1), BACKOFF, random), Math.min(retryAfterMs, LONGEST_ASKED_MS))
