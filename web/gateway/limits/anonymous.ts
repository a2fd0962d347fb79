import type { Clock } from '../../../kube/types.ts'
import { problem } from '../problems/problem.ts'
import { addressKey } from './address.ts'
import { Buckets } from './buckets.ts'

const secondsAtOnce = 5

/** What an address may ask for without credentials. */
export class Anonymous {
  readonly #rate: Buckets

  constructor({ perSecond, clock }: { readonly perSecond: number; readonly clock: Clock }) {
    this.#rate = new Buckets({ burst: perSecond * secondsAtOnce, refillMs: 1000 / perSecond, clock })
  }

  /** Lets one request in. Throws the problem `RateLimited`. */
  enter(address: string): void {
    const waitMs = this.#rate.take(addressKey(address))
    if (waitMs === 0) return
    const what = 'Your address sends too many requests without credentials.'
    throw problem('RateLimited', { what }, { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }
}
