import type { Clock } from '../../../kube/types.ts'
import type { Notice, Outcome } from '../types.ts'
import { waitAfter } from './backoff.ts'

/** Something that waits to be sent. `To`: where to, as the way out wants it. */
export interface Item<To> {
  /** That of its notice. */
  readonly id: string
  /** Who is written to: items of one receiver may be sent together. */
  readonly receiver: string
  /** Milliseconds since the epoch: of those that wait the most urgent is sent first. */
  readonly deadline: number
  /** What is to be sent, and where to, as things stand now; undefined: nothing any more. */
  readonly current: () => Message<To> | undefined
  /** Called with what became of each try. */
  readonly tried: (outcome: Outcome, attempts: number) => void
  /** Called instead of `tried` where there was nothing to send any more. */
  readonly dropped: () => void
}

export interface Message<To> {
  readonly to: To
  readonly notice: Notice
}

export interface LaneOptions<To> {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** How many sendings are under way at once. */
  readonly concurrency: number
  /** Sends to one receiver: one message, or, where they gather, several at once. What it throws counts as Retrying. */
  readonly send: (messages: readonly [Message<To>, ...Message<To>[]], signal: AbortSignal) => Promise<Outcome>
  /**
   * How many messages one receiver gets: `burst` at once, afterwards one every `everyMs`, which then holds all that
   * gathered. Undefined: each item by itself, as fast as it goes.
   */
  readonly gather?: { readonly burst: number; readonly everyMs: number }
}

interface Waiting<To> {
  readonly item: Item<To>
  attempts: number
  notBefore: number
}

interface Receiver<To> {
  readonly waiting: Map<string, Waiting<To>>
  /** Messages that it may get now, and when that number was reckoned. */
  tokens: number
  reckonedAt: number
  busy: boolean
}

/**
 * What waits for one way out: one mail server, one webhook. A way that is broken pauses as a whole, and its trouble is
 * told to all that wait for it; a receiver that is slow or refuses holds nothing but its own.
 *
 * ```
 *   offer ──▶ waiting ──(its time, a message may go)──▶ flying ──▶ Sent | Failed
 *                ▲                                        │
 *                └────────── back-off, Retry-After ───────┘
 * ```
 */
export class Lane<To> {
  readonly #options: LaneOptions<To>
  readonly #receivers = new Map<string, Receiver<To>>()
  readonly #stop = new AbortController()
  readonly #flights = new Set<Promise<void>>()
  #draining = false
  #pausedUntil = 0
  #pauses = 0
  #wake: (() => void) | undefined

  constructor(options: LaneOptions<To>) {
    this.#options = options
  }

  /** Items that wait; those under way are not among them. */
  get length(): number {
    let length = 0
    for (const { waiting } of this.#receivers.values()) length += waiting.size
    return length
  }

  offer(item: Item<To>): void {
    if (this.#stop.signal.aborted) return
    const receiver = this.#receiver(item.receiver)
    if (receiver.waiting.has(item.id)) return
    receiver.waiting.set(item.id, { item, attempts: 0, notBefore: 0 })
    this.#pump()
  }

  /** Starts nothing more; resolves when nothing is under way. */
  async drain(): Promise<void> {
    this.#draining = true
    while (this.#flights.size > 0) await Promise.all(this.#flights)
  }

  /** Sends nothing more, and ends what is under way: whoever comes next sends it again. */
  stop(): void {
    this.#stop.abort()
    this.#wake?.()
  }

  #receiver(name: string): Receiver<To> {
    const known = this.#receivers.get(name)
    if (known) return known
    const tokens = this.#options.gather?.burst ?? Number.POSITIVE_INFINITY
    const made: Receiver<To> = {
      waiting: new Map(),
      tokens,
      reckonedAt: this.#options.clock.now(),
      busy: false,
    }
    this.#receivers.set(name, made)
    return made
  }

  /** Starts what may be started, and sets the clock for what may be later. */
  #pump(): void {
    if (this.#stop.signal.aborted || this.#draining) return
    this.#wake?.()
    this.#wake = undefined
    const now = this.#options.clock.now()
    let next = Number.POSITIVE_INFINITY
    if (this.#pausedUntil > now) next = this.#pausedUntil
    else {
      for (const [name, receiver] of this.#receivers) {
        if (this.#flights.size >= this.#options.concurrency) break
        next = Math.min(next, this.#serve(name, receiver, now))
      }
    }
    if (next === Number.POSITIVE_INFINITY) return
    this.#wake = this.#options.clock.after(Math.max(next - now, 1), () => {
      this.#wake = undefined
      this.#pump()
    })
  }

  /** Sends to one receiver what may be sent; returns when to look again. */
  #serve(name: string, receiver: Receiver<To>, now: number): number {
    const { gather } = this.#options
    this.#refill(receiver, now)
    // Who has all their tokens back is as good as unknown.
    if (receiver.waiting.size === 0 && !receiver.busy && this.#isFull(receiver)) this.#receivers.delete(name)
    if (receiver.waiting.size === 0) return Number.POSITIVE_INFINITY
    // One message at a time to one receiver, in order; when it has landed we look again.
    if (gather && receiver.busy) return Number.POSITIVE_INFINITY
    if (gather && receiver.tokens < 1) return receiver.reckonedAt + gather.everyMs
    const ready: Waiting<To>[] = []
    let later = Number.POSITIVE_INFINITY
    for (const one of receiver.waiting.values()) {
      if (one.notBefore > now) later = Math.min(later, one.notBefore)
      else ready.push(one)
      if (!gather && this.#flights.size + ready.length >= this.#options.concurrency) break
    }
    if (!gather) for (const one of ready) this.#take(name, receiver, [one])
    else if (ready.length > 0) {
      ready.sort((a, b) => a.item.deadline - b.item.deadline)
      // The last message that may go takes along all that waits.
      this.#take(name, receiver, receiver.tokens < 2 ? ready : ready.slice(0, 1))
    }
    // What was dropped rather than sent leaves room.
    return receiver.busy && gather ? Number.POSITIVE_INFINITY : later
  }

  #take(name: string, receiver: Receiver<To>, taken: readonly Waiting<To>[]): void {
    const messages: Message<To>[] = []
    const sent: Waiting<To>[] = []
    for (const one of taken) {
      receiver.waiting.delete(one.item.id)
      const message = one.item.current()
      if (message === undefined) one.item.dropped()
      else {
        messages.push(message)
        sent.push(one)
      }
    }
    const [first, ...others] = messages
    if (first === undefined) {
      // Nothing of it was of use any more: there is room for what waits behind it.
      if (receiver.waiting.size > 0) queueMicrotask(() => this.#pump())
      return
    }
    receiver.tokens -= 1
    receiver.busy = true
    // Behind all others: each has its turn.
    this.#receivers.delete(name)
    this.#receivers.set(name, receiver)
    const flight = this.#send([first, ...others]).then(outcome => {
      this.#flights.delete(flight)
      receiver.busy = false
      if (this.#stop.signal.aborted) return
      this.#landed(name, sent, outcome)
      this.#pump()
    })
    this.#flights.add(flight)
  }

  async #send(messages: readonly [Message<To>, ...Message<To>[]]): Promise<Outcome> {
    try {
      return await this.#options.send(messages, this.#stop.signal)
    } catch {
      return { state: 'Retrying', error: 'the operator failed at sending it (a fault in it)' }
    }
  }

  #landed(name: string, sent: readonly Waiting<To>[], outcome: Outcome): void {
    const now = this.#options.clock.now()
    if (outcome.state !== 'Retrying' || !outcome.wholeLane) this.#pauses = 0
    else if (this.#pausedUntil <= now) {
      this.#pauses += 1
      this.#pausedUntil = now + waitAfter(outcome, this.#pauses, this.#options.random())
    }
    for (const one of sent) {
      one.attempts += 1
      if (outcome.state === 'Retrying') {
        one.notBefore = outcome.wholeLane ? 0 : now + waitAfter(outcome, one.attempts, this.#options.random())
        this.#receiver(name).waiting.set(one.item.id, one)
      }
      one.item.tried(outcome, one.attempts)
    }
    if (outcome.state === 'Retrying' && outcome.wholeLane) this.#tellAll(outcome, new Set(sent))
  }

  /** Those that were not tried are told as well what holds them. */
  #tellAll(outcome: Outcome, but: ReadonlySet<Waiting<To>>): void {
    for (const { waiting } of this.#receivers.values()) {
      for (const one of waiting.values()) if (!but.has(one)) one.item.tried(outcome, one.attempts)
    }
  }

  #refill(receiver: Receiver<To>, now: number): void {
    const { gather } = this.#options
    if (!gather) return
    const gained = Math.floor((now - receiver.reckonedAt) / gather.everyMs)
    if (gained <= 0) return
    receiver.tokens = Math.min(gather.burst, receiver.tokens + gained)
    receiver.reckonedAt =
      receiver.tokens === gather.burst ? now : receiver.reckonedAt + gained * gather.everyMs
  }

  #isFull(receiver: Receiver<To>): boolean {
    return this.#options.gather === undefined || receiver.tokens >= this.#options.gather.burst
  }
}
