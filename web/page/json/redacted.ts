/** The mark of a value that is shown to nobody: `{"$redacted": "hmac-sha256:..."}`, a key that only the operator writes. */
export function redacted(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const [entry, more] = Object.entries(value)
  if (entry === undefined || more !== undefined || entry[0] !== '$redacted') return undefined
  return typeof entry[1] === 'string' && /^hmac-sha256:[0-9a-f]+$/.test(entry[1]) ? entry[1] : undefined
}
