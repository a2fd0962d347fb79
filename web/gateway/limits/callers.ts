import type { Clock } from '../../../kube/types.ts'
import { problem } from '../problems/problem.ts'
import { Buckets } from './buckets.ts'
import type { LimitOptions } from './options.ts'

/** What a request does that stays open. */
export type WaitKind = 'LongPoll' | 'EventStream'

/** A request under way. */
export interface OpenRequest {
  /** Counts it among those that wait, until it is closed. Throws the problem `RateLimited`. */
  wait(kind: WaitKind): void
  /** It is over. May be called again. */
  close(): void
}

interface Open {
  requests: number
  LongPoll: number
  EventStream: number
}

export interface CallersOptions
  extends Pick<LimitOptions, 'requestsPerSecond' | 'requestBurst' | 'openRequests' | 'openWaits'> {
  readonly clock: Clock
}

const names = { LongPoll: 'long polls', EventStream: 'event streams' } as const

/** What each credential may ask for: how often, and how much at a time. */
export class Callers {
  readonly #options: CallersOptions
  readonly #rate: Buckets
  readonly #open = new Map<string, Open>()

  constructor(options: CallersOptions) {
    const { requestBurst: burst, requestsPerSecond, clock } = options
    this.#options = options
    this.#rate = new Buckets({ burst, refillMs: 1000 / requestsPerSecond, clock })
  }

  /** Credentials with requests under way. */
  get size(): number {
    return this.#open.size
  }

  /** Lets one request of the credential `id` in. Throws the problem `RateLimited`. */
  enter(id: string): OpenRequest {
    const { openRequests, openWaits, requestsPerSecond } = this.#options
    const open = this.#open.get(id) ?? { requests: 0, LongPoll: 0, EventStream: 0 }
    if (open.requests >= openRequests) {
      throw limited(`This credential has ${openRequests} requests under way. Let some of them end.`, 1000)
    }
    const waitMs = this.#rate.take(id)
    if (waitMs > 0) throw limited(`This credential may send ${requestsPerSecond} requests a second.`, waitMs)
    open.requests++
    this.#open.set(id, open)
    const waits: WaitKind[] = []
    let closed = false
    return {
      wait(kind) {
        if (closed) return
        if (open[kind] >= openWaits) {
          throw limited(`This credential has ${openWaits} ${names[kind]} open. Let some of them end.`, 1000)
        }
        open[kind]++
        waits.push(kind)
      },
      close: () => {
        if (closed) return
        closed = true
        open.requests--
        for (const kind of waits) open[kind]--
        if (open.requests === 0) this.#open.delete(id)
      },
    }
  }
}

const limited = (what: string, waitMs: number) =>
  problem('RateLimited', { what }, { retryAfterSeconds: Math.ceil(waitMs / 1000) })
