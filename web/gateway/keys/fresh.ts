import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { apiKeys } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import { Recent } from '../access/recent.ts'
import { problem } from '../problems/problem.ts'
import { isRevoked } from './standing.ts'

// With what a request takes, within the 2 s in which a revoked key is to end everywhere.
const maxAgeMs = 1000
const timeoutMs = 5000

/**
 * Whether keys still stand, by the API server's own word. A watch that has gone silent looks like one on which nothing
 * happens, for as long as a minute and a half: a key that was revoked meanwhile must not decide.
 */
export class FreshKeys {
  readonly #client: Client
  readonly #recent: Recent<boolean>

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#recent = new Recent({ clock, maxAgeMs, max: 10_000 })
  }

  /**
   * Whether each of these is there and not revoked, as it was at most `ageMs` ago, and a second ago at most; 0: as it
   * is. However many requests come with a key, the API server is asked once for all that an answer will do for. Throws
   * the problem `Unavailable` where it does not say.
   */
  async stand(keys: readonly APIKey[], ageMs = maxAgeMs): Promise<boolean> {
    const options = { maxAgeMs: Math.min(ageMs, maxAgeMs) }
    const answers = keys.map(key => this.#recent.get(key.metadata.uid ?? '', () => this.#look(key), options))
    return (await Promise.all(answers)).every(stands => stands)
  }

  async #look({ metadata: { name, namespace = '', uid } }: APIKey): Promise<boolean> {
    try {
      const found = await this.#client.find(apiKeys, { name, namespace }, { timeoutMs })
      return found !== undefined && found.metadata.uid === uid && !isRevoked(found)
    } catch (cause) {
      // Whatever it was, it says nothing about the key, and nothing that the key's holder could mend.
      throw problem('Unavailable', {}, { retryAfterSeconds: 1, cause })
    }
  }
}
