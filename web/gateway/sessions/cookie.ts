/** `__Host-`: browsers take it over TLS alone, for this host and not from its neighbours, and for every path. */
export const cookieName = '__Host-countersign'

const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict'

/** The `Set-Cookie` that holds a session for so many seconds. */
export const setCookie = (value: string, seconds: number): string =>
  `${cookieName}=${value}; ${attributes}; Max-Age=${Math.max(0, Math.floor(seconds))}`

/** The `Set-Cookie` that takes it away. */
export const clearCookie = `${cookieName}=; ${attributes}; Max-Age=0`

/** The session of a `Cookie` header. Undefined where there is none, or two: then nobody can say which is meant. */
export function cookieIn(header: string | undefined): string | undefined {
  const values = new Set<string>()
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at >= 0 && pair.slice(0, at).trim() === cookieName) values.add(pair.slice(at + 1).trim())
  }
  const [value] = values
  return values.size === 1 && value !== '' ? value : undefined
}
