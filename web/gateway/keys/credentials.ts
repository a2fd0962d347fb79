import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import type { Reviews } from '../access/reviews.ts'
import type { Cache } from '../cache/cache.ts'
import type { Credentials } from '../credentials.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { type Problem, problem } from '../problems/problem.ts'
import { KeyCaller } from './caller.ts'
import type { FreshKeys } from './fresh.ts'
import { keyNamespace } from './keeping.ts'
import { bearerIn, isMeantAsKey, parseKey, type SentKey, secretMatches } from './key.ts'
import type { LastUsed } from './last-used.ts'
import { type Standing, standingOf } from './standing.ts'

/** The part of the gateway's cache that keys are judged by. */
export type KeyCache = Pick<Cache, 'apikeys' | 'projects'>

export interface KeyOptions {
  /** The gateway's own. */
  readonly client: Client
  readonly cache: KeyCache
  readonly clock: Clock
  readonly reviews: Reviews
  readonly fresh: FreshKeys
  readonly lastUsed: LastUsed
}

/**
 * API keys. Each is judged by the cache, which hears of a revocation in milliseconds, and by the API server itself where
 * the cache would not have heard; where neither can be relied on the answer is 503, never yes.
 */
export function apiKeyCredentials({
  client,
  cache,
  clock,
  reviews,
  fresh,
  lastUsed,
}: KeyOptions): Credentials {
  const find = (id: string) => cache.apikeys.store.find({ namespace: keyNamespace, name: id })
  const project = (namespace: string) => cache.projects.store.find({ namespace, name: 'project' })
  const judge = ({ id, secret }: SentKey): Standing => {
    cache.apikeys.checkLive()
    cache.projects.checkLive()
    const matches = secretMatches(secret, find(id)?.spec.hash)
    return standingOf(id, { now: clock.now(), secretMatches: matches, key: find, project })
  }
  return async ({ authorization }) => {
    const sent = parseKey(bearerIn(authorization) ?? '')
    if (sent === undefined) throw notAccepted()
    const standing = judge(sent)
    if (!standing.works) throw standing.fault === 'Expired' ? expired() : notAccepted()
    if (!(await fresh.stand(standing.chain))) throw notAccepted()
    lastUsed.touch(standing.key)
    const works = async (ageMs?: number) => {
      const now = judge(sent)
      return now.works && (await fresh.stand(now.chain, ageMs))
    }
    try {
      return new KeyCaller({ key: standing.key, client, reviews, works })
    } catch (cause) {
      // A user name that no header can hold.
      throw notAccepted(cause)
    }
  }
}

/** `keys` for what is meant as an API key, `tokens` for everything else. */
export const keysOrTokens =
  (keys: Credentials, tokens: Credentials): Credentials =>
  attempt =>
    isMeantAsKey(bearerIn(attempt.authorization) ?? '') ? keys(attempt) : tokens(attempt)

/**
 * Nothing of `app` is written with a key that does not work at that very moment: asked when the body is there, as it may
 * take half a minute to come.
 */
export function confirmKeys(app: App): void {
  app.addHook('preHandler', async request => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    const caller = callerOf(request)
    if (caller instanceof KeyCaller && !(await caller.worksNow())) throw notAccepted()
  })
}

/** One answer for every fault, so that nobody learns which keys there are. */
const notAccepted = (cause?: unknown): Problem =>
  problem(
    'Unauthenticated',
    { what: 'This API key is not accepted. It may have been revoked; ask for a new one.' },
    { cause },
  )

/** Told to whoever knows the secret, so only to its holder. */
const expired = (): Problem =>
  problem('Unauthenticated', { what: 'This API key has expired. Make a new one.' })
