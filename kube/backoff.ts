/** Bounds of waits that double, in milliseconds. */
export interface BackoffOptions {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * The wait after the `failures`th failure in a row (from 1): doubled each time up to `maxMs`, and of that a random part
 * between half and all, so that those who failed together do not come back together.
 *
 * @param random in [0, 1)
 */
export function backoffMs(failures: number, options: BackoffOptions, random: number): number {
  // The exponent is bounded so that a very long row of failures stays a number.
  const full = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(failures - 1, 40))
  return full * (0.5 + random / 2)
}
