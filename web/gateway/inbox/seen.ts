import { backoffMs } from '../../../kube/backoff.ts'
import type { Client } from '../../../kube/client.ts'
import { isConflict, isTransient, logSafe } from '../../../kube/errors.ts'
import { type LogFields, type Logger, silentLogger } from '../../../kube/logger.ts'
import { Reflector } from '../../../kube/reflector.ts'
import { compareVersions } from '../../../kube/resource-version.ts'
import type { Clock, KubeObject, Resource } from '../../../kube/types.ts'
import { keyOf, patchOf, readMarks, type Stored } from './marks.ts'

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

export const configMaps: Resource<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
}

export const seenName = 'countersign-gateway-seen'

export interface SeenOptions {
  /** The gateway's own. Absent: marks live in this process alone. */
  readonly client?: Client
  readonly clock: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly logger?: Logger
  readonly namespace?: string
  /** Marks that are kept of all people in all projects: about 100 bytes each. */
  readonly max?: number
}

/** What became of a mark. */
export interface Marked {
  /** Milliseconds since the epoch. */
  readonly until: number
  /** Whether it is kept on the server; where not, only this process knows it. */
  readonly kept: boolean
}

interface Waiting {
  readonly key: string
  readonly until: number
  readonly done: (kept: boolean) => void
}

/** All marks of this process are written together, so often at most: no number of people or clicks makes more of it. */
const writeEveryMs = 1000
/** How long somebody waits to hear that their mark is kept. */
const patienceMs = 2500
const maxAttempts = 5
const backoff = { baseMs: 1000, maxMs: 30_000 }

/**
 * Up to when each person has seen what their bell shows, the same on every device: kept in one ConfigMap that all
 * replicas watch, each write of which asserts the version that it was made for, so that no mark ever goes back.
 *
 * Where the ConfigMap is not there, or may not be used, marks live in this process, and a line in the log says so, once.
 */
export class SeenMarks {
  readonly #options: SeenOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ref: { readonly namespace: string; readonly name: string }
  readonly #max: number
  #object: ConfigMap | undefined
  #stored: ReadonlyMap<string, number> = new Map()
  /** Marks of this process that are not stored (yet); the latest last. */
  readonly #ours = new Map<string, number>()
  readonly #listeners = new Map<string, Set<(until: number) => void>>()
  readonly #waiting = new Set<Waiting>()
  #hasSynced = false
  #refused = false
  #warned = false
  #failures = 0
  #writing = false
  #wroteAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #signal: AbortSignal | undefined

  constructor(options: SeenOptions) {
    const { clock, logger = silentLogger, namespace = 'countersign-system', max = 4000 } = options
    this.#options = options
    this.#clock = clock
    this.#logger = logger
    this.#ref = { namespace, name: seenName }
    this.#max = max
  }

  /** Whether marks outlive this process, and are the same in all replicas. */
  get isKept(): boolean {
    return this.#object !== undefined && !this.#refused
  }

  /** Whether it is known what is stored, or that nothing can be. */
  get isReady(): boolean {
    return this.#hasSynced || this.#warned
  }

  /** Up to when a person has seen everything of a project, in milliseconds since the epoch; undefined: nothing yet. */
  of(project: string, username: string): number | undefined {
    return this.#at(keyOf(project, username))
  }

  /** Moves a person's mark on; an earlier one changes nothing. Resolves with what is true then, and does not fail. */
  async mark(project: string, username: string, until: number): Promise<Marked> {
    const key = keyOf(project, username)
    const before = this.#at(key)
    if (before === undefined || until > before) {
      this.#ours.delete(key)
      this.#ours.set(key, until)
      if (this.#ours.size > this.#max) this.#ours.delete(this.#ours.keys().next().value as string)
      this.#tell(key, until)
    }
    const kept = await this.#untilStored(key, Math.max(until, before ?? until))
    return { until: this.#at(key) ?? until, kept }
  }

  /** Tells `fn` whenever a person's mark moves on, wherever it was moved. Returns what ends it. */
  onChange(project: string, username: string, fn: (until: number) => void): () => void {
    const key = keyOf(project, username)
    const set = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, set.add(fn))
    return () => {
      set.delete(fn)
      if (set.size === 0 && this.#listeners.get(key) === set) this.#listeners.delete(key)
    }
  }

  /** Follows what is stored until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    const { client, clock, random = Math.random } = this.#options
    if (client === undefined) return
    const unread = (fields: LogFields) => this.#warn('it cannot be read', fields)
    const logger: Logger = { debug() {}, info() {}, warn: unread, error: unread, child: () => logger }
    await new Reflector<ConfigMap>({
      client,
      resource: configMaps,
      namespace: this.#ref.namespace,
      fieldSelector: `metadata.name=${seenName}`,
      clock,
      random,
      logger,
      sink: {
        replace: ({ items: [object] }) => {
          this.#hasSynced = true
          this.#take(object)
          if (object === undefined) this.#warn('it does not exist')
        },
        apply: event => {
          if (event.type === 'DELETED') this.#take(undefined)
          else if (event.type !== 'BOOKMARK') this.#take(event.object)
          if (event.type === 'DELETED') this.#warn('it was deleted')
        },
      },
    }).run(signal)
    this.#cancel?.()
    for (const { done } of [...this.#waiting]) done(false)
  }

  #at(key: string): number | undefined {
    const [stored, ours] = [this.#stored.get(key), this.#ours.get(key)]
    return stored === undefined || ours === undefined ? (stored ?? ours) : Math.max(stored, ours)
  }

  #tell(key: string, until: number): void {
    for (const fn of [...(this.#listeners.get(key) ?? [])]) fn(until)
  }

  /** This is what is stored, unless something newer is known. */
  #take(object: ConfigMap | undefined): void {
    const known = this.#object?.metadata.resourceVersion
    const order = compareVersions(object?.metadata.resourceVersion, known)
    if (object !== undefined && order !== undefined && order < 0) return
    const before = [...this.#listeners.keys()].map(key => [key, this.#at(key)] as const)
    this.#object = object
    this.#stored = readMarks(dataOf(object), this.#clock.now())
    for (const [key, at] of this.#ours)
      if (at <= (this.#stored.get(key) ?? Number.NaN)) this.#ours.delete(key)
    for (const [key, old = Number.NEGATIVE_INFINITY] of before) {
      const now = this.#at(key)
      if (now !== undefined && now > old) this.#tell(key, now)
    }
    for (const each of [...this.#waiting]) if (this.#isStored(each)) each.done(true)
    this.#writeSoon()
  }

  #isStored({ key, until }: Pick<Waiting, 'key' | 'until'>): boolean {
    return (this.#stored.get(key) ?? Number.NEGATIVE_INFINITY) >= until
  }

  async #untilStored(key: string, until: number): Promise<boolean> {
    if (!this.isKept) return false
    if (this.#isStored({ key, until })) return true
    return await new Promise(resolve => {
      const waiting: Waiting = {
        key,
        until,
        done: kept => {
          cancel()
          this.#waiting.delete(waiting)
          resolve(kept)
        },
      }
      const cancel = this.#clock.after(patienceMs, () => waiting.done(false))
      this.#waiting.add(waiting)
      this.#writeSoon()
    })
  }

  #writeSoon(): void {
    const isIdle = this.#cancel === undefined && !this.#writing && this.#signal?.aborted !== true
    if (this.#object === undefined || this.#ours.size === 0 || !isIdle) return
    const again = this.#failures === 0 ? 0 : backoffMs(this.#failures, backoff, 0.5)
    // A wall clock that was set back must not make anybody wait for it.
    const rest = Math.min(writeEveryMs, this.#wroteAt + writeEveryMs - this.#clock.now())
    this.#cancel = this.#clock.after(Math.max(0, rest, again), () => {
      this.#cancel = undefined
      void this.#write()
    })
  }

  async #write(): Promise<void> {
    const { client } = this.#options
    if (client === undefined) return
    this.#writing = true
    this.#wroteAt = this.#clock.now()
    try {
      for (let attempt = 1; attempt <= maxAttempts && this.#object !== undefined; attempt++) {
        const data = patchOf(this.#ours, dataOf(this.#object), this.#clock.now(), this.#max)
        if (data === undefined) {
          // A mark that was too far ahead has come true meanwhile: it is ours that is old.
          this.#take(this.#object)
          break
        }
        if (await this.#patch(client, this.#object, data)) break
      }
      this.#failures = 0
      if (this.#refused) this.#logger.info({ configMap: seenName }, 'what people have seen is kept again')
      this.#refused = false
    } catch (error) {
      this.#failures++
      if (!isTransient(error)) {
        this.#refused = true
        for (const { done } of [...this.#waiting]) done(false)
        this.#warn('it cannot be written', { error: logSafe(error) })
      }
    }
    this.#writing = false
    this.#writeSoon()
  }

  /** False where somebody else wrote first: what they wrote is known then. */
  async #patch(
    client: Client,
    { metadata: { resourceVersion } }: ConfigMap,
    data: Readonly<Record<string, string | null>>,
  ): Promise<boolean> {
    const options = { timeoutMs: 5000, ...(this.#signal === undefined ? {} : { signal: this.#signal }) }
    try {
      const patch = { type: 'merge', body: { metadata: { resourceVersion }, data } } as const
      this.#take(await client.patch(configMaps, this.#ref, patch, options))
      return true
    } catch (error) {
      if (!isConflict(error)) throw error
      this.#take(await client.find(configMaps, this.#ref, options))
      return false
    }
  }

  #warn(why: string, fields: LogFields = {}): void {
    if (this.#warned || this.#signal?.aborted === true) return
    this.#warned = true
    this.#logger.warn(
      { ...fields, configMap: seenName, why },
      'what people have seen is kept in this process alone: apply the manifests of this version',
    )
  }
}

const dataOf = (object: ConfigMap | undefined): Stored => object?.data ?? {}
