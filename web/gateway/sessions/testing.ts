// Plays a browser in tests.
import type { RequestInit, Session as Requests, TestGateway } from '../testing.ts'
import { cookieName } from './cookie.ts'

/** What a browser adds to a request of our own pages. */
export const ownPage = { 'sec-fetch-site': 'same-origin' }

/** Somebody who is signed in. */
export interface SignedIn extends Requests {
  /** Value of the cookie. */
  readonly cookie: string
}

/** Requests with this cookie, as our own pages send them. */
export function withCookie(gateway: TestGateway, cookie: string): SignedIn {
  const nobody = gateway.as(undefined)
  const own = (init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { cookie: `${cookieName}=${cookie}`, ...ownPage, ...init.headers },
  })
  return {
    cookie,
    send: (method, path, init) => nobody.send(method, path, own(init)),
    get: (path, init) => nobody.get(path, own(init)),
    post: (path, body, init) => nobody.post(path, body, own(init)),
  }
}

/** Value of the cookie that an answer sets; undefined where it sets none. */
export const cookieSetBy = (headers: Headers): string | undefined =>
  new RegExp(`^${cookieName}=([^;]*); Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=\\d+$`).exec(
    headers.get('set-cookie') ?? '',
  )?.[1]

/** Signs in with a token or a key. */
export async function signIn(gateway: TestGateway, token: string): Promise<SignedIn> {
  const answer = await gateway.as(undefined).post('/api/v1/session', { token }, { headers: ownPage })
  const cookie = cookieSetBy(answer.headers)
  if (answer.status !== 201 || cookie === undefined) {
    throw new Error(`not signed in: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  return withCookie(gateway, cookie)
}
