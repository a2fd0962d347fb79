// As much of DER (ITU-T X.690) as a certificate needs.

const node = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(contents)
  const length =
    body.length < 0x80
      ? Buffer.of(body.length)
      : body.length < 0x100
        ? Buffer.of(0x81, body.length)
        : Buffer.of(0x82, body.length >> 8, body.length & 0xff)
  return Buffer.concat([Buffer.of(tag), length, body])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => node(0x30, ...items)
export const set = (...items: readonly Uint8Array[]): Buffer => node(0x31, ...items)
export const boolean = (value: boolean): Buffer => node(0x01, Buffer.of(value ? 0xff : 0))
export const octetString = (bytes: Uint8Array): Buffer => node(0x04, bytes)
export const utf8String = (text: string): Buffer => node(0x0c, Buffer.from(text))
/** `unusedBits` counts those of the last byte that mean nothing. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  node(0x03, Buffer.of(unusedBits), bytes)
/** `[tag]`, holding other items. */
export const tagged = (tag: number, ...items: readonly Uint8Array[]): Buffer => node(0xa0 | tag, ...items)
/** `[tag]` in place of the item's own tag, holding bytes. */
export const taggedBytes = (tag: number, bytes: Uint8Array): Buffer => node(0x80 | tag, bytes)

/** A non-negative integer, big endian. */
export const integer = (bytes: Uint8Array): Buffer =>
  node(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.of(0) : Buffer.of(), bytes)

/** An object identifier such as `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const septets = [arc & 0x7f]
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80)
    bytes.push(...septets)
  }
  return node(0x06, Buffer.from(bytes))
}

/** A time in whole seconds; years 1950 to 2049 must be written in the short form. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? node(0x17, Buffer.from(digits.slice(2)))
    : node(0x18, Buffer.from(digits))
}
