// node:crypto's AES-256-GCM and nothing around it: what is sealed is read by gateways of one installation alone, so the
// negotiation of algorithms that JWE and iron bring would only be more that can be got wrong.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** A key of sessions: 32 bytes, and the name that stands on what it sealed. */
export interface SealKey {
  readonly id: Buffer
  readonly bytes: Buffer
}

export const sealKeyBytes = 32

// The first byte of everything sealed: another format is another number.
const version = Buffer.of(1)
const idBytes = 8
const ivBytes = 12
const tagBytes = 16
const headBytes = version.length + idBytes
const purpose = Buffer.from('countersign session')

/** The key of these 32 bytes. Its name says nothing of them. Throws `RangeError` for any other length. */
export function sealKey(bytes: Buffer): SealKey {
  if (bytes.length !== sealKeyBytes) throw new RangeError(`a key of sessions has ${sealKeyBytes} bytes`)
  const id = createHash('sha256').update('countersign session key id').update(bytes).digest()
  return { id: id.subarray(0, idBytes), bytes }
}

/** Text that only a holder of the key can read or make, in letters that a cookie may have. */
export function seal(
  text: string,
  { id, bytes }: SealKey,
  random: (bytes: number) => Buffer = randomBytes,
): string {
  const head = Buffer.concat([version, id])
  const iv = random(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', bytes, iv)
  cipher.setAAD(Buffer.concat([purpose, head]))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([head, iv, body, cipher.getAuthTag()]).toString('base64url')
}

/** Name (hex) of the key that something is sealed with; undefined where it is nothing that was ever sealed. */
export function keyIDOf(sealed: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{1,4096}$/.test(sealed)) return undefined
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < headBytes + ivBytes + tagBytes || bytes[0] !== version[0]) return undefined
  // Whoever changes no bit of it changes none of its text either.
  if (bytes.toString('base64url') !== sealed) return undefined
  return bytes.subarray(version.length, headBytes).toString('hex')
}

/** What was sealed with this key; undefined where it was not, or was changed since. */
export function open(sealed: string, { id, bytes: key }: SealKey): string | undefined {
  if (keyIDOf(sealed) !== id.toString('hex')) return undefined
  const bytes = Buffer.from(sealed, 'base64url')
  const head = bytes.subarray(0, headBytes)
  const iv = bytes.subarray(headBytes, headBytes + ivBytes)
  const body = bytes.subarray(headBytes + ivBytes, -tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.concat([purpose, head]))
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
