import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import type { Reviews } from '../access/reviews.ts'
import { wholeScope } from '../access/scope.ts'
import type { Caller } from '../credentials.ts'
import type { KeyCache } from '../keys/credentials.ts'
import { keyNamespace } from '../keys/keeping.ts'
import type { ApiKeys } from '../keys/setup.ts'
import { isSystemName } from '../keys/standing.ts'
import { type Problem, problem } from '../problems/problem.ts'
import { SessionCaller } from './caller.ts'
import { isNamedAnywhere, isNamedBy, scopeOf } from './judge.ts'
import { KeyRing } from './key-ring.ts'
import { endOfToken, parseSession, renewed, type Session, type SessionTimes } from './session.ts'

export interface SessionsOptions {
  /** The gateway's own. */
  readonly client: Client
  readonly clock: Clock
  readonly cache: KeyCache
  readonly reviews: Reviews
  readonly apiKeys: Pick<ApiKeys, 'fresh' | 'lastUsed'>
  /** Bytes that nobody can guess. */
  readonly randomBytes: (bytes: number) => Uint8Array
  readonly times: SessionTimes
}

/** A session with the cookie that holds it. */
export interface Sealed {
  readonly session: Session
  readonly cookie: string
  /** Whole seconds until the session's end: how long the browser keeps the cookie. */
  readonly seconds: number
}

/** Sessions of browsers: who somebody is, sealed into a cookie. Nothing of them is kept here. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #keys: KeyRing

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#keys = new KeyRing(options.client, options.clock)
  }

  /** Who a cookie's holder is. Rejects with the problem `Unauthenticated`. */
  async callerOf(cookie: string): Promise<SessionCaller> {
    const text = await this.#keys.open(cookie)
    const session = text === undefined ? undefined : parseSession(text)
    if (session === undefined) throw signedOut()
    const scope = await this.#scopeOf(session)
    if (scope === undefined) throw signedOut()
    return this.#caller(session, scope)
  }

  /** Whether this was sealed here, whatever has become of it since: whoever shows it has not made it up. */
  async isOurs(cookie: string): Promise<boolean> {
    return (await this.#keys.open(cookie)) !== undefined
  }

  /**
   * A session for somebody who has shown a credential, which `shown` is the caller of. It ends with the credential where
   * that says when, and with the API key that it is. Rejects with the problem `Forbidden` for those as whom the gateway
   * cannot act.
   */
  async signIn(shown: Caller, credential: string): Promise<Sealed> {
    const { cache, clock, randomBytes, times } = this.#options
    const user = shown.username
    if (isSystemName(user)) throw forbidden(`Sessions are for people: ${user} has credentials of its own.`)
    if (!isNamedAnywhere(user, cache)) {
      throw forbidden(
        `No project names ${user} as a user. A session acts by its user's name and with none of their groups, so a member through a group cannot have one: send the token with each request, or ask an owner to add ${user} to spec.members by name.`,
      )
    }
    const now = clock.now()
    const key = this.#keyOf(shown)
    const ends = key === undefined ? endOfToken(credential) : key.expiresAt
    const session: Session = renewed(
      {
        user,
        ...(key === undefined ? {} : { key: { id: key.id, uid: key.uid } }),
        issuedAt: now,
        expiresAt: Math.min(now + times.lifeMs, ends ?? Number.POSITIVE_INFINITY),
        renewBy: now,
        nonce: Buffer.from(randomBytes(16)).toString('base64url'),
      },
      now,
      times,
    )
    // Nobody is told that they are signed in as long as the API server lets nobody act for them.
    await this.#caller(session, wholeScope).person()
    return this.#seal(session, now)
  }

  /** The same session, good for a while more, to its end at most. */
  renew({ session }: SessionCaller): Promise<Sealed> {
    const { clock, times } = this.#options
    const now = clock.now()
    return this.#seal(renewed(session, now, times), now)
  }

  #keyOf({ keyID }: Caller): { id: string; uid: string; expiresAt: number | undefined } | undefined {
    if (keyID === undefined) return undefined
    const key = this.#options.cache.apikeys.store.find({ namespace: keyNamespace, name: keyID })
    // It was there a moment ago.
    if (key?.metadata.uid === undefined) throw signedOut()
    const { expiresAt } = key.spec
    return {
      id: keyID,
      uid: key.metadata.uid,
      expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
    }
  }

  #caller(session: Session, scope: Caller['scope']): SessionCaller {
    const { client, reviews, cache } = this.#options
    const works = async (project?: string, ageMs?: number) =>
      (await this.#scopeOf(session, ageMs)) !== undefined &&
      (project === undefined || isNamedBy(project, session.user, cache))
    try {
      return new SessionCaller({ session, scope, client, reviews, works })
    } catch (cause) {
      // A user name that no header can hold.
      throw signedOut(cause)
    }
  }

  #scopeOf(session: Session, ageMs?: number) {
    const { cache, apiKeys, clock } = this.#options
    return scopeOf(session, { ...apiKeys, cache, now: () => clock.now() }, ageMs)
  }

  async #seal(session: Session, now: number): Promise<Sealed> {
    const cookie = await this.#keys.seal(JSON.stringify(session))
    return { session, cookie, seconds: Math.floor((session.expiresAt - now) / 1000) }
  }
}

/** One answer for every fault: what was wrong with a cookie helps nobody but who made it up. */
export const signedOut = (cause?: unknown): Problem =>
  problem('Unauthenticated', { what: 'You are signed out: the session has ended. Sign in again.' }, { cause })

const forbidden = (sentence: string) => problem('Forbidden', { sentence })
