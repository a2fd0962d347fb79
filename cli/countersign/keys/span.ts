const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
}

/** Seconds of `90d`, `12h`, `1d12h`; undefined for what is no span of time. */
export function spanSeconds(text: string): number | undefined {
  if (!/^(\d{1,9}[smhdwy])+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)([smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  )
}
