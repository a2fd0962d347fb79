import type { Api } from '../api/client.ts'
import { Refused } from '../api/client.ts'
import { follow } from '../api/events.ts'
import type { Approval, Page, StreamEvent } from '../api/types.ts'

export type Connection =
  | { readonly state: 'Connecting' | 'Live' }
  | { readonly state: 'Lost'; readonly why: string; readonly forGood: boolean }

/** What a project's feed knows; a new object whenever it changes. */
export interface Snapshot {
  readonly connection: Connection
  /** Nearest deadline first; `undefined` until they have been read once. */
  readonly pending: readonly Approval[] | undefined
  /** Counts what happened to runs and agents: read again what you show of them. */
  readonly changes: number
  /** Counts requests that were settled. */
  readonly settled: number
}

/** Follows one project: which requests wait, and that something changed. */
export class Feed {
  #snapshot: Snapshot = { connection: { state: 'Connecting' }, pending: undefined, changes: 0, settled: 0 }
  readonly #listeners = new Set<() => void>()
  readonly #settled = new Set<(name: string, phase: string) => void>()
  readonly #heard = new Set<(event: StreamEvent) => void>()
  readonly #pending = new Map<string, Approval>()
  readonly #dirty = new Set<string>()
  readonly #gone = new Set<string>()
  #relist = false
  #reading = false
  readonly #stop = new AbortController()
  readonly #api: Api
  readonly project: string

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
        opened: () => this.#readAgain(true, 'Live'),
        event: event => this.#hear(event),
        lost: (why, forGood) => this.#set({ connection: { state: 'Lost', why, forGood } }),
      },
      this.#stop.signal,
    )
    return () => this.#stop.abort()
  }

  readonly snapshot = (): Snapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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

  /** Takes in what an answer said of a request. */
  learn(approval: Approval): void {
    if (approval.phase === 'Pending' && !this.#gone.has(approval.uid))
      this.#pending.set(approval.name, approval)
    else {
      this.#gone.add(approval.uid)
      this.#pending.delete(approval.name)
    }
    this.#publish()
  }

  #hear(event: StreamEvent): void {
    for (const listener of this.#heard) listener(event)
    if (event.type === 'Reset') {
      this.#readAgain(true)
      return
    }
    if (event.type === 'Closed') return
    if (!event.type.startsWith('Approval')) {
      this.#set({ changes: this.#snapshot.changes + 1 })
      return
    }
    if (event.type === 'ApprovalSettled' || event.type === 'ApprovalDeleted') {
      const known = this.#pending.get(event.name)
      if (known !== undefined) {
        this.#gone.add(known.uid)
        this.#pending.delete(event.name)
        for (const listener of this.#settled)
          listener(event.name, 'phase' in event ? (event.phase ?? '') : '')
      }
      this.#dirty.delete(event.name)
      this.#publish()
      this.#set({ changes: this.#snapshot.changes + 1, settled: this.#snapshot.settled + 1 })
      return
    }
    this.#dirty.add(event.name)
    this.#readAgain(false)
  }

  /** Reads what is not known, one batch at a time: a storm of events becomes a list now and then. */
  #readAgain(relist: boolean, state?: 'Live'): void {
    if (relist) this.#relist = true
    if (this.#reading) return
    this.#reading = true
    void (async () => {
      try {
        while (this.#relist || this.#dirty.size > 0) {
          const all = this.#relist || this.#dirty.size > 4
          const names = [...this.#dirty]
          this.#dirty.clear()
          this.#relist = false
          await (all ? this.#readAll() : Promise.all(names.map(name => this.#readOne(name))))
          this.#publish()
          if (this.#dirty.size > 4) await new Promise(done => setTimeout(done, 250))
        }
        if (state !== undefined) this.#set({ connection: { state } })
      } catch (error) {
        // The stream is told of its loss by itself; a refusal or a busy gateway is tried again.
        const why = (error as Error).message
        this.#set({ connection: { state: 'Lost', why, forGood: false } })
        setTimeout(() => this.#readAgain(true, 'Live'), 2000)
      } finally {
        this.#reading = false
      }
    })()
  }

  async #readAll(): Promise<void> {
    const found = new Map<string, Approval>()
    let next: string | undefined
    do {
      const query = { phase: 'Pending', limit: 500, continue: next }
      const page = await this.#api.get<Page<Approval>>(
        `/projects/${this.project}/approvals`,
        query,
        this.#stop.signal,
      )
      for (const item of page.items) if (!this.#gone.has(item.uid)) found.set(item.name, item)
      next = page.continue
    } while (next !== undefined)
    this.#pending.clear()
    for (const [name, item] of found) this.#pending.set(name, item)
  }

  async #readOne(name: string): Promise<void> {
    try {
      const path = `/projects/${this.project}/approvals/${name}`
      this.learn(await this.#api.get<Approval>(path, {}, this.#stop.signal))
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error
      this.#pending.delete(name)
    }
  }

  #publish(): void {
    const pending = [...this.#pending.values()].sort(
      (a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt) || a.name.localeCompare(b.name),
    )
    this.#set({ pending })
  }

  #set(change: Partial<Snapshot>): void {
    if (this.#stop.signal.aborted) return
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#listeners) listener()
  }
}
