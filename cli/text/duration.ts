/**
 * A span of time as kubectl writes ages: the largest unit, and the next one where it still says something
 * (`45s`, `3m20s`, `47m`, `3h5m`, `26h`, `3d4h`, `12d`). Negative spans read `0s`.
 */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const pair = (value: number, unit: string, rest: number, restUnit: string): string =>
    rest === 0 ? `${value}${unit}` : `${value}${unit}${rest}${restUnit}`
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 8 ? pair(days, 'd', hours % 24, 'h') : `${days}d`
}

/** An RFC 3339 time as `2026-11-22 17:04:11Z`, with how long ago it was. */
export function when(time: string, now: number): string {
  const at = Date.parse(time)
  if (Number.isNaN(at)) return 'at an unknown time'
  const ago = now - at
  const relative = ago >= 0 ? `${duration(ago)} ago` : `in ${duration(-ago)}`
  return `${utc(at)} (${relative})`
}

/** Milliseconds since the epoch as `2026-11-22 17:04:11Z`. */
export const utc = (at: number): string =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
