import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** The keys of a webhook, or why there are none; the message holds nothing of them. */
export type SigningKeys =
  | { readonly ok: true; readonly keys: readonly Buffer[] }
  | { readonly ok: false; readonly message: string }

/**
 * What a Secret holds: `whsec_` and base64, as Standard Webhooks writes keys, or several of these with spaces or line
 * breaks between them (while one takes the other's place). Anything else is the key itself, as UTF-8.
 */
export function signingKeys(text: string): SigningKeys {
  const words = text.trim().split(/\s+/)
  if (!words.every(word => word.startsWith(PREFIX))) return { ok: true, keys: [Buffer.from(text, 'utf8')] }
  const keys = words.map(word => word.slice(PREFIX.length))
  if (!keys.every(key => key !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(key))) {
    return { ok: false, message: 'what follows whsec_ is no base64' }
  }
  return { ok: true, keys: keys.map(key => Buffer.from(key, 'base64')) }
}

/**
 * `webhook-signature` of Standard Webhooks 1.0: HMAC-SHA256 over `<id>.<timestamp>.<body>`, one for each key.
 * @param timestamp seconds since the epoch
 */
export const signature = (keys: readonly Buffer[], id: string, timestamp: number, body: string): string =>
  keys
    .map(key => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
    .join(' ')
