import type { Api } from '../api/client.ts'
import { follow } from '../api/events.ts'
import type { Approval, StreamEvent } from '../api/types.ts'
import { Drawn } from './drawn.ts'
import { Pending } from './pending.ts'
import { batches, readNames, readPending } from './reading.ts'

export type Connection =
  | { readonly state: 'Connecting' | 'Live' }
  /** `mayNot`: one may not read the project, or there is none. `since`: by the gateway's clock. */
  | { readonly state: 'Lost'; readonly why: string; readonly mayNot: boolean; readonly since: number }

/** What a project's feed knows; a new object whenever it changes. */
export interface Snapshot {
  readonly connection: Connection
  /** Nearest deadline first; `undefined` until they have been read once. */
  readonly pending: readonly Approval[] | undefined
  /** Counts what happened to runs and agents: read again what you show of them. */
  readonly changes: number
  /** Counts requests that were settled. */
  readonly settled: number
  /** How many were read so far, while they are read for the first time. */
  readonly reading: number
}

const BEGINNING: Snapshot = {
  connection: { state: 'Connecting' },
  pending: undefined,
  changes: 0,
  settled: 0,
  reading: 0,
}

const READ_EVERY_MS = 150
/** One that is not there yet (another replica of the gateway may be behind) is asked for again after these times. */
const AGAIN_MS = [300, 1000, 3000]
const REMEMBERED = 10_000

/**
 * Follows one project: which requests wait, and that something changed. New requests are read by their names, a hundred
 * at once; everything is listed only at the beginning and after something was missed.
 */
export class Feed {
  readonly #drawn = new Drawn<Snapshot>(BEGINNING)
  readonly #settled = new Set<(name: string, phase: string) => void>()
  readonly #heard = new Set<(event: StreamEvent) => void>()
  readonly #pending = new Pending()
  #listed = false
  /** Whether the stream is open. */
  #open = false
  /** Names to be read, each with how often it was not there. */
  readonly #dirty = new Map<string, number>()
  /** UIDs of what has left Pending: an answer that was under way does not bring it back. */
  readonly #gone = new Set<string>()
  /** Names that left Pending while something was read. */
  readonly #left = new Set<string>()
  #relist = false
  #reading = false
  readonly #stop = new AbortController()
  readonly #waker = new EventTarget()
  readonly #api: Api
  readonly project: string
  /** Names of requests that were decided here: their settling is no news. */
  readonly mine = new Set<string>()

  constructor(api: Api, project: string) {
    this.#api = api
    this.project = project
  }

  /** Begins to follow; returns its end. */
  start(): () => void {
    void follow(
      this.#api,
      this.project,
      {
        // Listed after the stream is open, so that nothing falls between.
        opened: () => {
          this.#open = true
          this.#readAgain(true)
        },
        event: event => this.#hear(event),
        lost: (why, mayNot) => {
          this.#open = false
          this.#lost(why, mayNot)
        },
      },
      this.#stop.signal,
      this.#waker,
    )
    return () => {
      this.#stop.abort()
      this.#drawn.end()
    }
  }

  get snapshot(): () => Snapshot {
    return this.#drawn.value
  }

  get subscribe(): (listener: () => void) => () => void {
    return this.#drawn.subscribe
  }

  /** Tells of requests that leave Pending, whoever decided. */
  onSettled(listener: (name: string, phase: string) => void): () => void {
    this.#settled.add(listener)
    return () => this.#settled.delete(listener)
  }

  /** Tells of every event of the stream, as it came; returns the end of it. */
  onEvent(listener: (event: StreamEvent) => void): () => void {
    this.#heard.add(listener)
    return () => this.#heard.delete(listener)
  }

  /** Where the connection is lost: tries again without waiting. */
  tryNow(): void {
    this.#waker.dispatchEvent(new Event('wake'))
    if (this.#open) this.#readAgain(true)
  }

  /** Takes in what an answer said of requests. */
  learn(...approvals: readonly Approval[]): void {
    for (const approval of approvals) this.#take(approval)
    this.#draw(true)
  }

  #take(approval: Approval): void {
    if (approval.phase !== 'Pending') this.#forget(approval.name, approval.uid)
    else if (!this.#gone.has(approval.uid)) this.#pending.put(approval)
  }

  #forget(name: string, uid: string | undefined): void {
    if (uid !== undefined) this.#gone.add(uid)
    if (this.#gone.size > REMEMBERED) this.#gone.delete(this.#gone.values().next().value as string)
    if (this.#reading) this.#left.add(name)
    this.#pending.delete(name)
  }

  #hear(event: StreamEvent): void {
    for (const listener of this.#heard) listener(event)
    switch (event.type) {
      case 'Closed':
      // Nothing that is kept here: whoever shows the log or the bell listens by itself.
      case 'AuditAppended':
      case 'InboxSeen':
        return
      case 'Reset':
        this.#count('changes')
        this.#readAgain(true)
        return
      case 'ApprovalRequested':
      case 'ApprovalDecided':
      // Somebody may have decided in the same moment.
      case 'ApprovalReminded':
      case 'ApprovalEscalated':
        this.#dirty.set(event.name, 0)
        this.#readAgain(false)
        return
      case 'ApprovalSettled':
      case 'ApprovalDeleted': {
        const known = this.#pending.find(event.name)
        this.#dirty.delete(event.name)
        this.#forget(event.name, known?.uid)
        if (known !== undefined) for (const listener of this.#settled) listener(event.name, event.phase)
        this.#count('changes')
        this.#count('settled')
        this.#draw()
        return
      }
      default:
        this.#count('changes')
    }
  }

  /** Reads what is not known, one batch at a time. */
  #readAgain(relist: boolean): void {
    if (relist) this.#relist = true
    if (!this.#reading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      while (this.#relist || this.#dirty.size > 0) {
        const begun = performance.now()
        this.#left.clear()
        if (this.#relist) await this.#readAll()
        else await this.#readSome()
        this.#draw()
        const rest = READ_EVERY_MS - (performance.now() - begun)
        if (this.#dirty.size > 0 && rest > 0) await new Promise(done => setTimeout(done, rest))
      }
      if (this.#open) this.#drawn.set({ connection: { state: 'Live' } })
    } catch (error) {
      // The stream tells of its loss by itself, and all is read when it is back; a refusal or a busy gateway is asked again.
      if (!this.#open) return
      this.#lost((error as Error).message, false)
      setTimeout(() => this.#stop.signal.aborted || this.#readAgain(true), 2000)
    } finally {
      this.#reading = false
    }
  }

  async #readAll(): Promise<void> {
    this.#relist = false
    this.#dirty.clear()
    const progress = (reading: number) => this.#listed || this.#drawn.set({ reading })
    const found = await readPending(this.#api, this.project, this.#stop.signal, progress)
    this.#pending.replace([...found.values()].filter(item => this.#mayTake(item)))
    this.#listed = true
  }

  async #readSome(): Promise<void> {
    const [names = []] = batches(this.#dirty.keys())
    const asked = new Map(names.map(name => [name, this.#dirty.get(name) ?? 0]))
    for (const name of names) this.#dirty.delete(name)
    for (const item of await readNames(this.#api, this.project, names, this.#stop.signal)) {
      asked.delete(item.name)
      if (this.#mayTake(item)) this.#take(item)
    }
    for (const [name, tried] of asked) this.#missing(name, tried)
  }

  /** Whether an answer is not older than what is known; a name that was let go meanwhile is asked for again. */
  #mayTake({ name, uid, phase }: Approval): boolean {
    if (phase !== 'Pending' || !this.#left.has(name)) return !this.#gone.has(uid)
    if (!this.#gone.has(uid)) this.#dirty.set(name, 0)
    return false
  }

  #missing(name: string, tried: number): void {
    if (this.#left.has(name) || this.#dirty.has(name)) return
    const wait = AGAIN_MS[tried]
    if (wait === undefined) {
      this.#pending.delete(name)
      return
    }
    setTimeout(() => {
      if (this.#stop.signal.aborted || this.#dirty.has(name)) return
      this.#dirty.set(name, tried + 1)
      this.#readAgain(false)
    }, wait)
  }

  #count(what: 'changes' | 'settled'): void {
    this.#drawn.set({ [what]: this.#drawn.coming(what) + 1 })
  }

  #lost(why: string, mayNot: boolean): void {
    const before = this.#drawn.value().connection
    const since = before.state === 'Lost' ? before.since : this.#api.now()
    this.#drawn.set({ connection: { state: 'Lost', why, mayNot, since } }, true)
  }

  #draw(now = false): void {
    this.#drawn.set(this.#listed ? { pending: this.#pending.list() } : {}, now)
  }
}
