import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { apiKeys } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import { wholeSeconds } from './wanted.ts'

const everyMs = 60_000
const maxRemembered = 10_000

/**
 * Writes `status.lastUsedAt`, at most once a minute a key. In the background: no request waits for it or fails by it.
 * A write that does not land (another replica was first, the API server is away) is left; the next use after a minute
 * tries again. After `stopping` nothing is written.
 */
export class LastUsed {
  readonly #client: Client
  readonly #clock: Clock
  readonly #stopping: AbortSignal
  /** When we last tried, by id. The newest last. */
  readonly #tried = new Map<string, number>()

  constructor(client: Client, clock: Clock, stopping: AbortSignal) {
    this.#client = client
    this.#clock = clock
    this.#stopping = stopping
  }

  /** The key was used now. `key`: as the cache has it, so that what other replicas wrote is seen. */
  touch(key: APIKey): void {
    const { name, namespace = '', resourceVersion } = key.metadata
    const now = this.#clock.now()
    const written = Date.parse(key.status?.lastUsedAt ?? '')
    // A replica whose clock is ahead is left its time: two would turn it back and forth.
    if (this.#stopping.aborted || now - written < everyMs) return
    if (Math.abs(now - (this.#tried.get(name) ?? Number.NEGATIVE_INFINITY)) < everyMs) return
    this.#remember(name, now)
    // With the version that was read: of several replicas one writes, and a key that was revoked meanwhile is left.
    const body = { metadata: { resourceVersion }, status: { lastUsedAt: wholeSeconds(now) } }
    const options = { subresource: 'status', signal: this.#stopping } as const
    this.#client.patch(apiKeys, { name, namespace }, { type: 'merge', body }, options).catch(() => {})
  }

  #remember(name: string, now: number): void {
    this.#tried.delete(name)
    this.#tried.set(name, now)
    if (this.#tried.size > maxRemembered) {
      const [oldest] = this.#tried.keys()
      if (oldest !== undefined) this.#tried.delete(oldest)
    }
  }
}
