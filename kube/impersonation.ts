import type { Impersonation } from './client.ts'

/**
 * A header value as bytes of UTF-8 (undici writes one byte a character). The server trims values, so that one with
 * space around it would name somebody else: refused with `TypeError`, as are control characters and nothing at all.
 */
function headerValue(what: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (value === '' || value !== value.trim() || /[\x00-\x1f\x7f]/.test(value)) {
    throw new TypeError(`impersonation: ${what} is empty, has space around it, or holds a control character`)
  }
  return Buffer.from(value, 'utf8').toString('latin1')
}

/** Header names and values in turn, repeated for each group and extra value: a folded pair of groups is one bogus group. */
export function impersonationHeaders(as: Impersonation): readonly string[] {
  const headers = ['Impersonate-User', headerValue('the user', as.user)]
  for (const group of as.groups ?? []) headers.push('Impersonate-Group', headerValue('a group', group))
  for (const [key, values] of Object.entries(as.extra ?? {})) {
    // The server lower-cases the name and undoes the percent-encoding.
    const name = `Impersonate-Extra-${encodeURIComponent(key).replace(/['()]/g, c => `%${c.charCodeAt(0).toString(16)}`)}`
    for (const value of values) headers.push(name, headerValue(`extra ${key}`, value))
  }
  return headers
}

const tokenSyntax = /^[\x21-\x7e]+$/

/** Whether a bearer token can be sent at all. */
export const isSendableToken = (token: string): boolean => tokenSyntax.test(token)
