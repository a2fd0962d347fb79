import type { AuditRecord } from '../../../crds/v1alpha1/auditrecord.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { backoffMs } from '../../../kube/backoff.ts'
import type { Client } from '../../../kube/client.ts'
import { sleep } from '../../../kube/clock.ts'
import { logSafe } from '../../../kube/errors.ts'
import type { Logger } from '../../../kube/logger.ts'
import { Reflector } from '../../../kube/reflector.ts'
import type { Store } from '../../../kube/store.ts'
import type { Clock, WatchEvent } from '../../../kube/types.ts'
import { maxLagMs } from '../cache/kind.ts'
import { Problem, problem } from '../problems/problem.ts'
import { Chain } from './chain.ts'
import { idOf, type ProjectIndex } from './project-index.ts'
import { RecordCache } from './record-cache.ts'
import { Wakes } from './wakes.ts'

export interface AuditLogOptions {
  /** The gateway's own. */
  readonly client: Client
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  /** Projects whose chains are kept; the one that was asked for longest ago goes. */
  readonly projects?: number
}

/** A chain, and how far it is. */
interface Followed {
  readonly chain: Chain
  /** Resolves when it has been read; a new one when it must be read again. */
  done: PromiseWithResolvers<void>
  state: 'Waiting' | 'Reading' | 'Read'
  /** In a row. */
  failures: number
}

/** Chains that are read at once; of those that nobody asks for, one fewer, so that no one waits behind them. */
const atOnce = 3
/** How long somebody waits for a chain that is being read. */
const patienceMs = 5000
const backoff = { baseMs: 800, maxMs: 30_000 }

/**
 * The audit logs of all projects, each as an index (project-index.ts) that one watch keeps equal to what the API server
 * holds; the entries themselves are read by name when they are asked for, and kept a while (record-cache.ts).
 *
 * ```
 *   asked for, or a Project ──▶ Waiting ──▶ Reading ──▶ Read
 *                                  ▲  ▲        │         │
 *                 waits (back-off) │  └ failed ┘         │
 *                                  └─ the watch missed something
 * ```
 */
export class AuditLog {
  readonly resource = auditRecords
  readonly records: RecordCache
  readonly #options: AuditLogOptions
  readonly #reflector: Reflector<AuditRecord>
  readonly #wakes: Wakes
  /** By namespace; the one that was asked for last is the last. */
  readonly #chains = new Map<string, Followed>()
  /** Namespaces whose chains wait to be read: those that somebody asked for, and the others. */
  readonly #asked = new Set<string>()
  readonly #waiting = new Set<string>()
  #reading = 0
  /** Counts how often something may have been missed. */
  #era = 0
  #signal: AbortSignal = new AbortController().signal

  constructor(options: AuditLogOptions) {
    const { client, clock, random, logger } = options
    this.#options = options
    this.#wakes = new Wakes(clock)
    this.records = new RecordCache({
      load: (namespace, name) => client.find(auditRecords, { namespace, name }),
    })
    this.#reflector = new Reflector<AuditRecord>({
      client,
      resource: auditRecords,
      sink: { replace: () => this.#missed(), apply: event => this.#apply(event) },
      onlyEvents: true,
      clock,
      random,
      logger,
    })
  }

  /** Entries that can be found. */
  get size(): number {
    return [...this.#chains.values()].reduce((sum, { chain }) => sum + chain.index.size, 0)
  }

  get isLive(): boolean {
    return this.lagMs <= maxLagMs
  }

  get lagMs(): number {
    return this.#reflector.lagMs
  }

  /** Throws the problem `Behind`: something may have happened that is not known here. */
  checkLive(): void {
    if (!this.isLive) throw problem('Behind', {}, { retryAfterSeconds: 1 })
  }

  /** Follows the API server until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    await this.#reflector.run(signal)
  }

  /** Reads the chains of all projects before anybody asks. Before `run`. */
  readAhead(projects: Store<Project>): void {
    projects.subscribe(({ type, object: { metadata } }) => {
      if (type === 'added') this.#follow(metadata.namespace ?? '', this.#waiting)
    })
  }

  /** The index of a project, read as a whole. Throws the problem `Behind` where that takes too long to be waited for. */
  async index(namespace: string): Promise<ProjectIndex> {
    const followed = this.#follow(namespace, this.#asked)
    if (followed.state !== 'Read') {
      const over = new AbortController()
      await Promise.race([followed.done.promise, sleep(this.#options.clock, patienceMs, over.signal)])
      over.abort()
    }
    if (followed.state !== 'Read') throw stillReading()
    return followed.chain.index
  }

  /** Calls `wake` when entries were appended to a project's log, four times a second at most. Returns what ends it. */
  onAppended(namespace: string, wake: () => void): () => void {
    this.#follow(namespace, this.#asked)
    return this.#wakes.listen(namespace, wake)
  }

  /** The seq of the last entry after `after`, of these agents where they are given; undefined where none is known. */
  lastSeq(namespace: string, agents: readonly string[] | undefined, after: number): number | undefined {
    const followed = this.#chains.get(namespace)
    if (followed?.state !== 'Read') return undefined
    return followed.chain.index.find({ filter: {}, agents, after, max: 1 })[0]?.seq
  }

  #follow(namespace: string, queue: Set<string>): Followed {
    const { client, projects = 2000 } = this.#options
    const known = this.#chains.get(namespace)
    const chain = known?.chain ?? new Chain({ namespace, client, records: this.records })
    const followed: Followed = known ?? {
      chain,
      done: Promise.withResolvers<void>(),
      state: 'Waiting',
      failures: 0,
    }
    this.#chains.delete(namespace)
    this.#chains.set(namespace, followed)
    if (known === undefined || (this.#waiting.has(namespace) && queue === this.#asked)) {
      this.#waiting.delete(namespace)
      queue.add(namespace)
    }
    if (this.#chains.size > projects) this.#forgetOne()
    this.#readNext()
    return followed
  }

  #forgetOne(): void {
    for (const [namespace, { state }] of this.#chains) {
      if (state !== 'Read' || this.#wakes.has(namespace)) continue
      this.#chains.delete(namespace)
      return
    }
  }

  /** What happened until now may not all have come. */
  #missed(): void {
    this.#era++
    for (const [namespace, followed] of this.#chains) {
      if (followed.state !== 'Read') continue
      followed.state = 'Waiting'
      followed.done = Promise.withResolvers<void>()
      this.#waiting.add(namespace)
    }
    this.#readNext()
  }

  #apply(event: WatchEvent<AuditRecord>): void {
    if (event.type === 'BOOKMARK') return
    const { type, object } = event
    const { namespace = '' } = object.metadata
    const chain = this.#chains.get(namespace)?.chain
    if (type === 'DELETED') {
      chain?.remove(object)
      return
    }
    const isNew = chain !== undefined && !chain.index.has(idOf(object))
    chain?.add(object)
    if (isNew) this.#wakes.wake(namespace)
  }

  #readNext(): void {
    // Before the watch has a beginning, what happens after a list would be missed.
    if (this.#era === 0 || this.#signal.aborted) return
    while (this.#reading < atOnce) {
      const ahead = this.#reading < atOnce - 1 ? firstOf(this.#waiting) : undefined
      const next = firstOf(this.#asked) ?? ahead
      if (next === undefined) return
      this.#asked.delete(next)
      this.#waiting.delete(next)
      const followed = this.#chains.get(next)
      if (followed !== undefined) void this.#read(next, followed)
    }
  }

  async #read(namespace: string, followed: Followed): Promise<void> {
    this.#reading++
    followed.state = 'Reading'
    try {
      for (let era = 0; era !== this.#era; ) {
        era = this.#era
        await followed.chain.read(this.#signal)
      }
      followed.state = 'Read'
      followed.failures = 0
      this.#options.logger.debug({ namespace, entries: followed.chain.index.size }, 'audit log read')
      followed.done.resolve()
      this.#wakes.wake(namespace)
    } catch (error) {
      followed.state = 'Waiting'
      if (!this.#signal.aborted) void this.#readLater(namespace, followed, error)
    } finally {
      this.#reading--
      this.#readNext()
    }
  }

  async #readLater(namespace: string, followed: Followed, error: unknown): Promise<void> {
    const { clock, logger, random } = this.#options
    const waitMs = backoffMs(++followed.failures, backoff, random())
    logger.warn({ namespace, error: logSafe(error), waitMs: Math.round(waitMs) }, 'audit log not read')
    await sleep(clock, waitMs, this.#signal)
    this.#asked.add(namespace)
    this.#readNext()
  }
}

const firstOf = ([first]: Iterable<string>): string | undefined => first

const stillReading = (): Problem =>
  new Problem(
    'Behind',
    'The gateway is still reading the audit log. Try again after the time in Retry-After.',
    {
      retryAfterSeconds: 2,
    },
  )
