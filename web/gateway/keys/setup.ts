import type { Reviews } from '../access/reviews.ts'
import type { Credentials } from '../credentials.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { apiKeyCredentials, confirmKeys, type KeyCache, keysOrTokens } from './credentials.ts'
import { FreshKeys } from './fresh.ts'
import { LastUsed } from './last-used.ts'
import { keyRoutes } from './routes.ts'

/** API keys as the gateway's server takes them up. */
export interface ApiKeys {
  /** Keys, and for everything else what it was made with. */
  readonly credentials: Credentials
  /** Adds the routes of keys, and holds every route to what its key may. Call after `authenticate`. */
  readonly routes: (app: App) => void
  /** By these whoever signed in with a key is judged as well. */
  readonly fresh: FreshKeys
  readonly lastUsed: LastUsed
}

export interface ApiKeysOptions extends Pick<Deps, 'client' | 'clock' | 'stopping'> {
  readonly cache: KeyCache
  readonly reviews: Reviews
  /** Bytes that nobody can guess. */
  readonly randomBytes: (bytes: number) => Uint8Array
  /** For what is not an API key. */
  readonly tokens: Credentials
}

/** Puts the parts of API keys together. */
export function apiKeySupport({ tokens, randomBytes, stopping, ...options }: ApiKeysOptions): ApiKeys {
  const { client, cache, clock } = options
  const fresh = new FreshKeys(client, clock)
  const lastUsed = new LastUsed(client, clock, stopping)
  return {
    fresh,
    lastUsed,
    credentials: keysOrTokens(apiKeyCredentials({ ...options, fresh, lastUsed }), tokens),
    routes: app => {
      confirmKeys(app)
      keyRoutes(app, { client, cache, clock, randomBytes })
    },
  }
}
