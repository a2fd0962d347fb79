import type { Client } from '../../kube/client.ts'
import type { Logger } from '../../kube/logger.ts'
import type { Clock } from '../../kube/types.ts'
import { Reviews } from './access/reviews.ts'
import { Cache } from './cache/cache.ts'
import { Rights } from './cache/rights.ts'
import { hasEnded } from './keys/standing.ts'
import type { Metrics } from './metrics.ts'

export interface ReadingOptions {
  /** The gateway's own. */
  readonly client: Client
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  readonly metrics: Metrics
}

/** What reading needs, put together: the cache, the reviews that stand before it, and what makes them forget. */
export interface Reading {
  /** To be run by whoever asked for it. */
  readonly cache: Cache
  readonly reviews: Reviews
  readonly rights: Rights
}

export function reading({ metrics, ...options }: ReadingOptions): Reading {
  const { client, clock } = options
  const cache = new Cache(options)
  const reviews = new Reviews({
    client,
    clock,
    isChanging: namespace => rights.isChanging(namespace),
    onOutcome: outcome => metrics.reviews.inc({ outcome }),
  })
  const rights = new Rights(cache.projects.store, namespace => reviews.forget(namespace))
  // Whoever listens with a key that was revoked hears no more.
  cache.apikeys.store.subscribe(change => {
    if (hasEnded(change)) rights.changed(change.object.spec.project)
  })
  metrics.watchCache([...cache.kinds, cache.audit])
  return { cache, reviews, rights }
}
