const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** `just now`, `12 s ago`, `5 min ago`, `3 d ago`; the date where that is more than a week. */
export function ago(time: string, now: number): string {
  const ms = now - Date.parse(time)
  if (ms < 5000) return 'just now'
  if (ms > 7 * 86_400_000) {
    return new Date(time).toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' })
  }
  const [size, unit] = units.find(([least]) => ms >= least) ?? [1000, 's']
  return `${Math.floor(ms / size)} ${unit} ago`
}

/** A moment with its date, seconds and time zone, as this computer writes it. */
export const exactly = (time: string): string => format.format(new Date(time))

// One for all: to make another takes longer than all else that a line of a list needs.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
export const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
