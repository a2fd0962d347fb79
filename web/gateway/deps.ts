import type { FastifyBaseLogger } from 'fastify'
import type { Client } from '../../kube/client.ts'
import type { Clock } from '../../kube/types.ts'
import type { Cache } from './cache/cache.ts'
import type { Rights } from './cache/rights.ts'
import type { Credentials } from './credentials.ts'
import type { SeenMarks } from './inbox/seen.ts'
import type { ApiKeys } from './keys/setup.ts'
import type { LimitOptions } from './limits/options.ts'
import type { Metrics } from './metrics.ts'
import type { PageFiles } from './page/files.ts'
import type { Sessions } from './sessions/setup.ts'

/** What the gateway is handed: everything that is not a pure function of a request. */
export interface Deps {
  /** Acts as the gateway's own ServiceAccount. */
  readonly client: Client
  readonly credentials: Credentials
  readonly apiKeys: ApiKeys
  readonly sessions: Sessions
  /** What is read is read from here, behind a review of the caller. */
  readonly cache: Cache
  readonly rights: Rights
  /** Up to when people have seen what their bell shows. */
  readonly seen: SeenMarks
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** A new unique id, at least 12 letters and digits after the first. */
  readonly newID: () => string
  readonly log: FastifyBaseLogger
  /** Absent: the defaults. */
  readonly limits?: LimitOptions
  readonly metrics: Metrics
  /** Absent: there is no page, only the API. */
  readonly page?: PageFiles
  /** Aborts when the process is to end: long polls answer at once. */
  readonly stopping: AbortSignal
}
