import type { Api } from '../api/client.ts'
import type { Inbox, InboxItem, Seen, StreamEvent } from '../api/types.ts'
import type { Feed } from '../live/feed.ts'

/** What a bell knows; a new object whenever it changes. */
export interface BellState {
  /** Newest first; `undefined` until they have been read once. */
  readonly items: readonly InboxItem[] | undefined
  readonly unread: number
  /** How many of the unread are requests that still wait. */
  readonly waiting: number
  /** Whether the gateway keeps what was seen. */
  readonly kept: boolean
  /** Why it may be old. */
  readonly notRead: string | undefined
  /** Why it is not kept that this was seen. */
  readonly notKept: string | undefined
}

const BEGINNING: BellState = {
  items: undefined,
  unread: 0,
  waiting: 0,
  kept: true,
  notRead: undefined,
  notKept: undefined,
}

/** Items that are shown. More unread ones are counted, and marked by the button alone. */
const SHOWN = 50
/** A storm of requests is read so often, and no oftener. The first change after a rest is read at once. */
const EVERY_MS = 500
const AGAIN_MS = 2000
const LONGEST_AGAIN_MS = 30_000
const REMEMBERED = 10_000
/** A request that came so long before the bell was hung is no news, when it comes up. */
const EARLIER_MS = 60_000
/** The gateway takes for seen no second that is not over. */
const SECOND_MS = 1100
const LONGEST_MS = 10_000

/** Requests that were not there before, as they come in. */
export type Arrivals = (items: readonly InboxItem[], state: BellState) => void

/** Follows the bell of a project: what one is to hear of, and what of it one has not seen, here or elsewhere. */
export class BellFeed {
  #state = BEGINNING
  readonly #listeners = new Set<() => void>()
  readonly #arrivals: Arrivals
  readonly #api: Api
  readonly #feed: Feed
  readonly #path: string
  readonly #known = new Set<string>()
  readonly #end = new AbortController()
  readonly #since: number
  #seenUntil = Number.NEGATIVE_INFINITY
  /** Up to when all is to be seen, as long as somebody looks. */
  #wanted = Number.NEGATIVE_INFINITY
  #telling = false
  #reading = false
  #due = false
  #readAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(api: Api, feed: Feed, arrivals: Arrivals = () => {}) {
    this.#api = api
    this.#feed = feed
    this.#path = `/projects/${feed.project}/inbox`
    this.#arrivals = arrivals
    this.#since = api.now() - EARLIER_MS
  }

  readonly state = (): BellState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins to follow; returns its end. */
  start(): () => void {
    const leave = this.#feed.onEvent(event => {
      if (concerns(event)) this.#readSoon()
    })
    // A stream that is open (again) tells of what comes, not of what was.
    let connection = this.#feed.snapshot().connection.state
    const unsubscribe = this.#feed.subscribe(() => {
      const now = this.#feed.snapshot().connection.state
      if (now === 'Live' && connection !== 'Live') this.#readNow()
      connection = now
    })
    this.#readSoon()
    return () => {
      this.#end.abort()
      clearTimeout(this.#timer)
      leave()
      unsubscribe()
    }
  }

  /** Everything up to this time has been shown. Said again, as long as `stop` is not called, until it is taken. */
  see(until: string): () => void {
    const at = Date.parse(until)
    this.#wanted = Math.max(this.#wanted, at)
    void this.#tell()
    return () => {
      if (this.#wanted <= at) this.#wanted = Number.NEGATIVE_INFINITY
    }
  }

  #readSoon(): void {
    this.#due = true
    if (this.#reading || this.#timer !== undefined) return
    const rest = this.#readAt + EVERY_MS - performance.now()
    if (rest <= 0) void this.#read()
    else this.#later(rest)
  }

  /** What kept it from being read may be over. */
  #readNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#readAt = Number.NEGATIVE_INFINITY
    this.#readSoon()
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#read()
    }, ms)
  }

  async #read(): Promise<void> {
    this.#reading = true
    this.#due = false
    this.#readAt = performance.now()
    try {
      this.#take(await this.#api.get<Inbox>(this.#path, { limit: SHOWN }, this.#end.signal))
      this.#failures = 0
    } catch (error) {
      this.#failures++
      this.#set({ notRead: `What is new cannot be read: ${(error as Error).message}` })
    }
    this.#reading = false
    if (this.#end.signal.aborted) return
    const again = Math.min(LONGEST_AGAIN_MS, AGAIN_MS * 2 ** (this.#failures - 1))
    if (this.#failures > 0) this.#later(again)
    else if (this.#due) this.#readSoon()
  }

  #take({ items, ...standing }: Inbox): void {
    const first = this.#state.items === undefined
    const arrived = items.filter(item => !this.#known.has(item.id) && this.#isNews(item))
    for (const { id } of items) this.#known.add(id)
    for (const id of this.#known) {
      if (this.#known.size <= REMEMBERED) break
      this.#known.delete(id)
    }
    this.#set({ items, notRead: undefined, ...this.#standing(standing) })
    if (!first && arrived.length > 0) this.#arrivals(arrived, this.#state)
  }

  #isNews({ type, at, unread, approval }: InboxItem): boolean {
    const isOpenRequest = type === 'ApprovalRequested' && approval.phase === 'Pending'
    return isOpenRequest && unread && Date.parse(at) >= this.#since
  }

  #standing({ unread, waiting, kept, seenUntil }: Seen): Pick<BellState, 'unread' | 'waiting' | 'kept'> {
    if (seenUntil !== undefined) this.#seenUntil = Date.parse(seenUntil)
    return { unread, waiting, kept }
  }

  async #tell(): Promise<void> {
    if (this.#telling) return
    this.#telling = true
    try {
      for (let wait = SECOND_MS; this.#wanted > this.#seenUntil && !this.#end.signal.aborted; wait *= 2) {
        const until = new Date(this.#wanted).toISOString()
        const answer = await this.#api.post<Seen>(`${this.#path}/seen`, { until })
        this.#set({ notKept: undefined, ...this.#standing(answer) })
        if (this.#wanted > this.#seenUntil) {
          await new Promise(done => setTimeout(done, Math.min(wait, LONGEST_MS)))
        }
      }
    } catch (error) {
      this.#wanted = Number.NEGATIVE_INFINITY
      this.#set({ notKept: `That you have seen this could not be kept: ${(error as Error).message}` })
    }
    this.#telling = false
    this.#readSoon()
  }

  #set(change: Partial<BellState>): void {
    if (this.#end.signal.aborted) return
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

const concerns = ({ type }: StreamEvent): boolean =>
  type.startsWith('Approval') || type === 'InboxSeen' || type === 'Reset'
