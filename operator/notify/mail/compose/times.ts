/** Milliseconds since the epoch as `2026-11-23 05:04 UTC`; the seconds are left away, so that it is never too late. */
export const moment = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A span of time in words, in its two largest units: `2 hours 5 minutes`, `1 day`, `40 seconds`. Rounded down. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const first = UNITS.findIndex(([, size]) => seconds >= size)
  if (first === -1) return '0 seconds'
  let rest = seconds
  const parts: string[] = []
  // Seconds are said of minutes alone that are few.
  const units = UNITS.slice(first, first + 2).filter(([name]) => name !== 'second' || seconds < 600)
  for (const [name, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`)
  }
  return parts.join(' ')
}
