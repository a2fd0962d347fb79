import type { Query } from '../router.ts'

/** Which times a list is narrowed to, as the address says it: `last=hour`, or `from=` and `until=` as RFC 3339. */
export const timeFilters = ['last', 'from', 'until'] as const

export const lasts: Readonly<Record<string, { readonly words: string; readonly ms: number }>> = {
  hour: { words: 'last hour', ms: 3_600_000 },
  day: { words: 'last 24 hours', ms: 86_400_000 },
  week: { words: 'last 7 days', ms: 604_800_000 },
}

/** What the gateway is asked for: from `since` on, before `until`. What the address says wrongly is sent, and refused. */
export function sinceUntil(
  { last = '', from, until }: Query,
  now: number,
): { since?: string; until?: string } {
  const preset = Object.hasOwn(lasts, last) ? lasts[last] : undefined
  if (preset !== undefined) return { since: new Date(now - preset.ms).toISOString() }
  return { ...(from === undefined ? {} : { since: from }), ...(until === undefined ? {} : { until }) }
}

/** A moment as `<input type="datetime-local">` takes it, in this computer's time zone; empty where there is none. */
export function toLocal(time: string | undefined): string {
  const date = new Date(time ?? '')
  if (Number.isNaN(date.getTime())) return ''
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** What such an input says, as RFC 3339; empty where it says nothing. */
export function fromLocal(local: string): string {
  const date = new Date(local)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}
