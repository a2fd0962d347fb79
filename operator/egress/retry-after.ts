/** Nobody is made to wait longer for a provider's word. */
const LONGEST = 3600

/**
 * How long a provider asks to wait: `Retry-After` in seconds or as a date (against the answer's own `Date`, so that
 * clocks need not agree), or `retry-after-ms`. At most an hour; undefined when nothing usable is said.
 */
export function retryAfterSeconds(
  headers: Readonly<Record<string, string>>,
  now: () => number,
): number | undefined {
  const get = (name: string): string | undefined =>
    Object.entries(headers)
      .find(([key]) => key.toLowerCase() === name)?.[1]
      ?.trim()
  const ms = get('retry-after-ms')
  if (ms !== undefined && /^\d+(\.\d+)?$/.test(ms)) return bounded(Number(ms) / 1000)
  const value = get('retry-after')
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return bounded(Number(value))
  const until = Date.parse(value)
  if (Number.isNaN(until)) return undefined
  const sent = Date.parse(get('date') ?? '')
  return bounded((until - (Number.isNaN(sent) ? now() : sent)) / 1000)
}

const bounded = (seconds: number): number => Math.min(LONGEST, Math.max(0, Math.ceil(seconds)))
