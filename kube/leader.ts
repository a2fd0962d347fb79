import type { Client } from './client.ts'
import { type MonotonicClock, sleep, systemMonotonicClock } from './clock.ts'
import { isAlreadyExists, isConflict, isNotFound, logSafe } from './errors.ts'
import { type Lease, leases, microTime } from './lease.ts'
import { type Logger, silentLogger } from './logger.ts'
import { type LeaderMetrics, noLeaderMetrics } from './metrics.ts'

export interface LeaderOptions {
  readonly client: Client
  /** Of the Lease. */
  readonly namespace: string
  readonly name: string
  /** Must differ from every other process's, and from that of this one before it was restarted. */
  readonly identity: string
  /**
   * Whether a holder is known to be gone because this process runs in its place (the container that was restarted in
   * this very pod): its lease is taken over without waiting for it to end. Default: nobody is.
   */
  readonly succeeds?: (holderIdentity: string) => boolean
  /** How long others wait without seeing a renewal before they take over. Default 15,000. */
  readonly leaseDurationMs?: number
  /** How long the leader goes on without a successful renewal. Must be less than the lease's. Default 10,000. */
  readonly renewDeadlineMs?: number
  /** Between two tries. Default 2,000. */
  readonly retryPeriodMs?: number
  /** The work. Its signal aborts when it must end: because we stop, or because we lead no more. */
  readonly onStarted: (signal: AbortSignal) => Promise<void> | void
  /** We lead no more, without having wanted it. The usual answer is to end the process. */
  readonly onLost?: () => void
  readonly clock?: MonotonicClock
  /** In [0, 1). */
  readonly random?: () => number
  readonly logger?: Logger
  readonly metrics?: LeaderMetrics
}

/** What we last saw in the Lease, and when by our own clock we first saw it so. */
interface Observed {
  readonly lease: Lease
  readonly since: Instant
}

interface Instant {
  readonly monotonic: number
  readonly wall: number
}

/**
 * At most one process leads, by a Lease in the API server.
 *
 * ```
 *   waiting ──(free, or unchanged for its duration by our clock)──▶ leading ──▶ stopped (released, at once free)
 *                                                                      │
 *                                          (no renewal in time, or another holds it)
 *                                                                      ▼
 *                                                                    lost
 * ```
 *
 * No clock is compared with another machine's: how old a renewal is, is how long *we* have seen it unchanged. A process
 * that was paused (SIGSTOP, a frozen machine) notices by the same clock, before anything else, that its time has passed;
 * `isLeading` says so to whoever asks in between.
 */
export class LeaderElector {
  readonly #options: LeaderOptions
  readonly #clock: MonotonicClock
  readonly #logger: Logger
  readonly #leaseDurationMs: number
  readonly #renewDeadlineMs: number
  readonly #retryPeriodMs: number
  #observed: Observed | undefined
  /** When the last renewal that succeeded was begun; undefined when we do not lead. */
  #renewed: Instant | undefined

  constructor(options: LeaderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemMonotonicClock
    this.#logger = (options.logger ?? silentLogger).child({ lease: options.name, identity: options.identity })
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000
    if (!(this.#retryPeriodMs < this.#renewDeadlineMs && this.#renewDeadlineMs < this.#leaseDurationMs)) {
      throw new TypeError('leader election needs retryPeriodMs < renewDeadlineMs < leaseDurationMs')
    }
  }

  /** Whether nobody else can be leading now. Ask before an effect that must not happen twice. */
  get isLeading(): boolean {
    return this.#renewed !== undefined && this.#elapsed(this.#renewed) < this.#renewDeadlineMs
  }

  /**
   * Waits until we lead, works, and resolves with `stopped` when the signal has aborted and the work has ended (the
   * lease is free then), or with `lost` as soon as we may lead no more (the work was told, and may still be ending).
   */
  async run(signal: AbortSignal): Promise<'stopped' | 'lost'> {
    const { metrics = noLeaderMetrics, onStarted, onLost } = this.#options
    if (!(await this.#acquire(signal))) return 'stopped'
    this.#logger.info({}, 'started leading')
    metrics.leading(true)
    const work = new AbortController()
    const stop = () => work.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const ended = new AbortController()
    const working = this.#work(onStarted, work.signal).then(() => {
      // Work that ends by itself goes on to hold the lease until we are stopped.
      if (signal.aborted) ended.abort()
      else signal.addEventListener('abort', () => ended.abort(), { once: true })
    })
    const kept = await this.#keep(ended.signal)
    signal.removeEventListener('abort', stop)
    metrics.leading(false)
    this.#renewed = undefined
    if (kept === 'lost') {
      this.#logger.error({}, 'stopped leading: the lease was not renewed in time, or another took it')
      work.abort(new Error('no longer the leader'))
      onLost?.()
      return 'lost'
    }
    await working
    await this.#release()
    this.#logger.info({}, 'stopped leading')
    return 'stopped'
  }

  async #work(onStarted: LeaderOptions['onStarted'], signal: AbortSignal): Promise<void> {
    try {
      await onStarted(signal)
    } catch (error) {
      this.#logger.error({ error: logSafe(error) }, 'the work of the leader threw')
    }
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await this.#try(signal)) return true
      // Not later than the lease comes free, if nobody renews it.
      await this.#pause(signal, this.#freeInMs() || undefined)
    }
    return false
  }

  /** Renews until the work has ended (`ended`), or too long in vain. */
  async #keep(ended: AbortSignal): Promise<'ended' | 'lost'> {
    for (;;) {
      await this.#pause(ended, this.#leftMs())
      // First of all: a process that was paused wakes here, and must not renew what may be another's.
      if (!this.isLeading) return 'lost'
      if (ended.aborted) return 'ended'
      const limit = new AbortController()
      const cancel = this.#clock.after(this.#leftMs(), () =>
        limit.abort(new Error('the renewal took too long')),
      )
      const held = await this.#try(limit.signal)
      cancel()
      const taken = !held && this.#observed !== undefined && !this.#isOurs(this.#observed.lease)
      if (taken || !this.isLeading) return 'lost'
    }
  }

  /** Milliseconds that we may still lead without another renewal. */
  #leftMs(): number {
    return this.#renewed === undefined ? 0 : Math.max(0, this.#renewDeadlineMs - this.#elapsed(this.#renewed))
  }

  async #pause(signal: AbortSignal, atMostMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { random = Math.random } = this.#options
    await sleep(this.#clock, Math.min(atMostMs, this.#retryPeriodMs * (1 + random() / 5)), signal)
  }

  /** One try to take or renew the lease. Never throws. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const begun = this.#instant()
    try {
      const written = await this.#write(signal)
      if (written === undefined) return false
      this.#observed = { lease: written, since: begun }
      this.#renewed = begun
      return true
    } catch (error) {
      // Whatever we believed about the lease is to be looked at again.
      const raced = isConflict(error) || isAlreadyExists(error) || isNotFound(error)
      if (raced) await this.#look(signal).catch(() => undefined)
      if (!raced && !signal.aborted)
        this.#logger.warn({ error: logSafe(error) }, 'the lease could not be written')
      return false
    }
  }

  /** Writes the lease if it may be ours; `undefined` while it is another's. */
  async #write(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name, identity } = this.#options
    const now = microTime(this.#clock.now())
    const options = { signal, timeoutMs: this.#renewDeadlineMs, urgency: 'High' } as const
    // A leader renews what it wrote last, without reading it first: one request instead of two.
    const held = this.#renewed === undefined ? undefined : this.#observed?.lease
    const lease = held ?? (await this.#look(signal))
    const durationSeconds = Math.ceil(this.#leaseDurationMs / 1000)
    const ours = { holderIdentity: identity, leaseDurationSeconds: durationSeconds, renewTime: now }
    if (lease === undefined) {
      const spec = { ...ours, acquireTime: now, leaseTransitions: 0 }
      return await client.create(leases, { metadata: { namespace, name }, spec }, options)
    }
    const isOurs = this.#isOurs(lease)
    if (!isOurs && !this.#isFree(lease)) return undefined
    const transitions = lease.spec?.leaseTransitions ?? 0
    const spec = isOurs
      ? { ...lease.spec, ...ours }
      : { ...lease.spec, ...ours, acquireTime: now, leaseTransitions: transitions + 1 }
    return await client.replace(leases, { ...lease, spec }, options)
  }

  /** Reads the lease, and notes since when we see it as it is. */
  async #look(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options
    const lease = await client.find(
      leases,
      { namespace, name },
      { signal, timeoutMs: this.#renewDeadlineMs, urgency: 'High' },
    )
    if (lease === undefined) this.#observed = undefined
    else if (this.#observed?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      this.#observed = { lease, since: this.#instant() }
    }
    return lease
  }

  #isOurs(lease: Lease): boolean {
    return lease.spec?.holderIdentity === this.#options.identity
  }

  #isFree(lease: Lease): boolean {
    if (!lease.spec?.holderIdentity) return true
    if (this.#options.succeeds?.(lease.spec.holderIdentity)) return true
    return this.#freeInMs() === 0
  }

  /** Milliseconds until the lease, as we saw it last, is old enough to be taken over; 0: it is, or there is none. */
  #freeInMs(): number {
    if (this.#observed === undefined) return 0
    const { lease, since } = this.#observed
    // The holder's own word on how long its lease is, where it says one.
    const { leaseDurationSeconds } = lease.spec ?? {}
    const durationMs =
      leaseDurationSeconds === undefined ? this.#leaseDurationMs : leaseDurationSeconds * 1000
    return Math.max(0, durationMs - (this.#clock.monotonic() - since.monotonic))
  }

  /** Frees the lease, so that the next leader need not wait. A failure costs no more than that wait. */
  async #release(): Promise<void> {
    const { client } = this.#options
    const lease = this.#observed?.lease
    if (lease === undefined || !this.#isOurs(lease)) return
    const now = microTime(this.#clock.now())
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now }
    try {
      await client.replace(leases, { ...lease, spec }, { timeoutMs: 5_000, urgency: 'High' })
    } catch (error) {
      this.#logger.warn({ error: logSafe(error) }, 'the lease could not be released')
    }
  }

  #instant(): Instant {
    return { monotonic: this.#clock.monotonic(), wall: this.#clock.now() }
  }

  /**
   * Milliseconds since, by whichever clock says more: the monotonic one stands still while a machine is suspended, and
   * the other may be set back. To believe too much costs leadership; to believe too little would cost safety.
   */
  #elapsed(since: Instant): number {
    return Math.max(this.#clock.monotonic() - since.monotonic, this.#clock.now() - since.wall)
  }
}
