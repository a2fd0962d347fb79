import { createHash, timingSafeEqual } from 'node:crypto'

/** What a credential must begin with to be read as an API key. */
export const keyPrefix = 'csk_'

/** An API key as somebody sent it. */
export interface SentKey {
  readonly id: string
  readonly secret: string
}

/** A new key. `text` is shown once and kept nowhere; `hash` is what is stored. */
export interface MintedKey {
  readonly id: string
  readonly text: string
  readonly hash: string
}

// RFC 4648's, in lower case: a double click selects the whole key, and the id is a name that Kubernetes takes.
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const idBytes = 10
const secretBytes = 32

/** A new key, of `random` bytes as they come from the system. The secret has 256 random bits, the id 80. */
export function mintKey(random: (bytes: number) => Uint8Array): MintedKey {
  const id = base32(random(idBytes))
  const secret = base32(random(secretBytes))
  return { id, text: `${keyPrefix}${id}_${secret}`, hash: hashOf(secret) }
}

/** The parts of `csk_<id>_<secret>`; undefined where the text is not of that form. */
export function parseKey(text: string): SentKey | undefined {
  const [, id, secret] = /^csk_([a-z0-9]{16})_([a-z0-9]{16,128})$/.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** The token of an Authorization header. */
export const bearerIn = (authorization: string | undefined): string | undefined =>
  /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]

/** Whether a bearer token is meant as an API key, well-formed or not. */
export const isMeantAsKey = (token: string): boolean => token.startsWith(keyPrefix)

/** `sha256:` and the hex SHA-256 of the text of the secret: `spec.hash` of an APIKey. */
export const hashOf = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex')}`

// The hash of nothing that anybody can send: a secret is never empty.
const hashOfNoKey = hashOf('')

/**
 * Whether `hash` is this secret's. Takes the same time whatever it is compared with, and for a key that does not exist
 * (`undefined`): time tells neither how much of a secret was right nor which ids there are.
 */
export function secretMatches(secret: string, hash: string | undefined): boolean {
  const sent = Buffer.from(hashOf(secret))
  const stored = Buffer.from(hash ?? hashOfNoKey)
  return sent.length === stored.length && timingSafeEqual(sent, stored) && hash !== undefined
}

/** Lower-case base32 without padding; the last bits are filled with zeros. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]
}
