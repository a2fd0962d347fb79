import { createHash } from 'node:crypto'
import type { Clock } from '../../../kube/types.ts'
import { bearerIn } from '../keys/key.ts'
import { addressKey } from './address.ts'
import { Buckets } from './buckets.ts'

/** A credential as it was shown, valid or not. */
export interface Shown {
  /** `addressKey` of the client. */
  readonly address: string
  /** Hash of the whole credential. */
  readonly hash: string
  /**
   * The id that an API key names, whether or not there is such a key. Only of what is taken for an API key, and so never
   * shown to the API server.
   */
  readonly keyID: string | undefined
}

/** What the Authorization header shows; undefined where there is none. */
export function shownIn(authorization: string | undefined, address: string): Shown | undefined {
  const text = authorization?.trim() ?? ''
  if (text === '') return undefined
  const hash = createHash('sha256').update(text).digest('base64')
  const keyID = /^csk_([a-z0-9]{1,64})_/.exec(bearerIn(text) ?? '')?.[1]
  return { address: addressKey(address), hash, keyID }
}

export interface FailureOptions {
  readonly burst: number
  readonly perMinute: number
  readonly clock: Clock
}

// How often one and the same bad credential counts against its address.
const countedOnAddress = 3

/**
 * Counts bad credentials, by address, by key, and by the credential itself. One that is shown again and again is soon
 * refused by its own count and weighs on its address only thrice: a script with an expired token does not lock
 * everybody else of its office out, and who guesses shows another one each time.
 */
export class Failures {
  readonly #options: FailureOptions
  readonly #addresses: Buckets
  readonly #keys: Buckets
  readonly #credentials: Buckets

  constructor(options: FailureOptions) {
    const { burst, perMinute, clock } = options
    const buckets = () => new Buckets({ burst, refillMs: 60_000 / perMinute, clock })
    this.#options = options
    this.#addresses = buckets()
    this.#keys = buckets()
    this.#credentials = buckets()
  }

  /** Bad credentials of this kind that this address may still show before it is held up. */
  left(shown: Shown): number {
    return this.#addresses.available(place(shown))
  }

  /** Milliseconds until a bad credential of this kind is looked at again; 0: now. */
  waitMs(shown: Shown): number {
    const { hash, keyID } = shown
    return Math.max(
      this.#addresses.waitMs(place(shown)),
      this.#credentials.waitMs(hash),
      keyID === undefined ? 0 : this.#keys.waitMs(keyID),
    )
  }

  /** Counts one failure. */
  count(shown: Shown): void {
    const { hash, keyID } = shown
    const before = this.#options.burst - this.#credentials.available(hash)
    this.#credentials.take(hash)
    if (keyID !== undefined) this.#keys.take(keyID)
    if (before < countedOnAddress) this.#addresses.take(place(shown))
  }
}

/**
 * Where an address is counted: for API keys and for tokens apart. Guesses at keys cost the API server nothing, and must
 * not hold up the good token of a colleague behind the same address that we have not seen yet.
 */
const place = ({ address, keyID }: Shown): string => `${keyID === undefined ? 'token' : 'key'} ${address}`
