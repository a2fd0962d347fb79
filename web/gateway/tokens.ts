import { createHash } from 'node:crypto'
import type { Client } from '../../kube/client.ts'
import { isSendableToken } from '../../kube/impersonation.ts'
import type { Clock } from '../../kube/types.ts'
import { Recent } from './access/recent.ts'
import type { Reviews } from './access/reviews.ts'
import { wholeScope } from './access/scope.ts'
import type { Caller, Credentials } from './credentials.ts'
import { type Person, whoAmI } from './identity.ts'
import { problem } from './problems/problem.ts'

const maxAgeMs = 2000
const maxKept = 10_000

export interface TokenOptions {
  /** Gives its connections and nothing of its own rights. */
  readonly client: Client
  readonly clock: Clock
  readonly reviews: Reviews
}

interface Verified {
  readonly person: Person
  /** Our clock as the API server was asked. */
  readonly asked: number
}

/** Tokens that the API server accepts, passed through as they are; it is asked about one at most every 2 s. */
export function bearerTokens({ client, clock, reviews }: TokenOptions): Credentials {
  const verified = new Recent<Verified>({ clock, maxAgeMs, max: maxKept })
  return async ({ authorization }) => {
    const token = tokenIn(authorization)
    const own = client.withToken(token)
    // Only its hash is kept.
    const id = `token:${createHash('sha256').update(token).digest('base64url')}`
    const asked = clock.now()
    const { person, asked: at } = await verified.get(id, async () => ({ person: await whoAmI(own), asked }))
    const caller: Caller = {
      client: own,
      via: 'Token',
      id,
      scope: wholeScope,
      username: person.username,
      person: async () => ({ ...person, at: turnedOn(person.at, clock.now() - at) }),
      may: (question, ageMs) => reviews.self(id, own, question, ageMs),
    }
    return caller
  }
}

/**
 * The API server's clock now: what it was, and what passed on ours since. A clock of ours that was set meanwhile must
 * not carry it away.
 */
function turnedOn(at: number | undefined, passedMs: number): number | undefined {
  if (at === undefined) return undefined
  return at + Math.floor(Math.min(Math.max(passedMs, 0), maxAgeMs) / 1000) * 1000
}

/** The token of an Authorization header. Throws the problem `Unauthenticated` where there is none that could be one. */
export function tokenIn(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw unauthenticated('Send a token that the API server accepts, as Authorization: Bearer <token>.')
  }
  const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (token === undefined)
    throw unauthenticated('The Authorization header is not of the form Bearer <token>.')
  // Never sent to the API server, where it would stand in somebody's audit log as a bad token.
  if (token.startsWith('csk_')) throw unauthenticated('API keys are not accepted by this gateway.')
  if (!isSendableToken(token)) throw unauthenticated('The token holds characters that no token has.')
  return token
}

const unauthenticated = (what: string) => problem('Unauthenticated', { what })
