import type { Client } from '../../../kube/client.ts'
import type { Clock, KubeObject, Resource } from '../../../kube/types.ts'
import { Recent } from '../access/recent.ts'
import { keyNamespace } from '../keys/keeping.ts'
import { problem } from '../problems/problem.ts'
import { keyIDOf, open, type SealKey, seal, sealKey } from './seal.ts'

/** The Secret of the keys that sessions are sealed with. The operator makes it, the gateway reads it by its name. */
export const sessionKeySecret = 'countersign-gateway-session-key'

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

const secrets: Resource<Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
}

// How long a key that was taken away still counts.
const maxAgeMs = 30_000
// How often a cookie of a key that is not known makes us look: another replica may have heard of a new one first.
const lookAgainMs = 1000
const timeoutMs = 5000

interface Keys {
  /** What is sealed now is sealed with this one. */
  readonly current: SealKey
  /** All that are accepted. */
  readonly accepted: readonly SealKey[]
}

/** The keys of sessions, which all replicas share, as they stood at most half a minute ago. */
export class KeyRing {
  readonly #client: Client
  readonly #recent: Recent<Keys | undefined>

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#recent = new Recent({ clock, maxAgeMs, max: 1 })
  }

  /** Throws the problems `NoSessions` where there is no key, `Unavailable` where the API server does not say. */
  async seal(text: string): Promise<string> {
    const keys = (await this.#keys()) ?? (await this.#keys(lookAgainMs))
    if (keys === undefined) throw problem('NoSessions', { secret: `${keyNamespace}/${sessionKeySecret}` })
    return seal(text, keys.current)
  }

  /** What was sealed; undefined where it was not with one of our keys. Throws the problem `Unavailable`. */
  async open(sealed: string): Promise<string | undefined> {
    const id = keyIDOf(sealed)
    if (id === undefined) return undefined
    const find = (keys: Keys | undefined) => keys?.accepted.find(key => key.id.toString('hex') === id)
    const key = find(await this.#keys()) ?? find(await this.#keys(lookAgainMs))
    return key && open(sealed, key)
  }

  #keys(ageMs = maxAgeMs): Promise<Keys | undefined> {
    return this.#recent.get('', () => this.#read(), { maxAgeMs: ageMs })
  }

  async #read(): Promise<Keys | undefined> {
    const ref = { namespace: keyNamespace, name: sessionKeySecret }
    try {
      const { data } = (await this.#client.find(secrets, ref, { timeoutMs })) ?? {}
      const current = keyIn(data?.current)
      const previous = keyIn(data?.previous)
      return current && { current, accepted: previous === undefined ? [current] : [current, previous] }
    } catch (cause) {
      // The person who asks has no part in it, even where it is 401 or 403: it is our own credential.
      throw problem('Unavailable', {}, { retryAfterSeconds: 1, cause })
    }
  }
}

function keyIn(base64: string | undefined): SealKey | undefined {
  try {
    return sealKey(Buffer.from(base64 ?? '', 'base64'))
  } catch {
    return undefined
  }
}
