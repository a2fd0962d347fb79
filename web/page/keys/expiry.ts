/** What one may choose for how long a key works, in seconds; `custom` is said in numbers. */
export const lives = [
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
  ['7776000', '90 days'],
  ['31536000', '1 year'],
  ['custom', 'Another time…'],
] as const

export const units = [
  ['60', 'minutes'],
  ['3600', 'hours'],
  ['86400', 'days'],
] as const

export const usualLife = '7776000'

/** Bounds of the gateway. */
const LEAST = 60
const MOST = 365 * 86_400

/** Seconds, or what is wrong with what was written. */
export function secondsOf(
  life: string,
  count: string,
  unit: string,
): { readonly seconds: number } | { readonly wrong: string } {
  if (life !== 'custom') return { seconds: Number(life) }
  if (!/^\d{1,7}$/.test(count.trim())) return { wrong: 'A whole number, please.' }
  const seconds = Number(count) * Number(unit)
  if (seconds < LEAST) return { wrong: 'A key works for a minute at least.' }
  if (seconds > MOST) return { wrong: 'A key works for a year (365 days) at most.' }
  return { seconds }
}
