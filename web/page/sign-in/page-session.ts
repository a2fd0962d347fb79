import { type GatewayClock, Refused } from '../api/client.ts'
import type { Session } from '../api/types.ts'
import { type Door, doorOf } from './door.ts'
import { onPresence } from './presence.ts'
import { Credential, type Who } from './who.ts'

export type Standing =
  /** Asking whether somebody is signed in. */
  | { readonly at: 'Looking' }
  /** The gateway does not say, for this reason; it is asked again. */
  | { readonly at: 'Silent'; readonly why: string }
  | { readonly at: 'Outside'; readonly why: string | undefined }
  /** `ended` says why one must sign in again; what one was at stays. */
  | { readonly at: 'Inside'; readonly who: Who; readonly ended: string | undefined }

/** What tabs tell each other. */
type Told = { readonly type: 'In'; readonly session: Session } | { readonly type: 'Out' }

const LOOK_AGAIN_MS = 3000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Who is signed in in this browser. A token or key is sent once, to sign in, and forgotten; from then on the browser's
 * cookie says who asks, in every tab. Only where there can be no session the credential stays, in the memory of this tab.
 */
export class PageSession {
  #standing: Standing = { at: 'Looking' }
  #credential: Credential | undefined
  readonly #listeners = new Set<() => void>()
  readonly #clock: GatewayClock
  readonly #door: Door
  readonly #channel = new BroadcastChannel('countersign-session')
  #ids = 0
  /** Counts what was found out about who is signed in. */
  #entered = 0
  /** By the gateway's clock. */
  #renewedAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** One look at a time. */
  #looking: Promise<void> | undefined

  constructor(clock: GatewayClock) {
    this.#clock = clock
    this.#door = doorOf(clock)
  }

  readonly standing = (): Standing => this.#standing

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  now(): number {
    return this.#clock.now()
  }

  /** Begins to look who is signed in, and to keep the session while somebody is at the page. */
  start(): () => void {
    this.#channel.onmessage = ({ data }) => this.#hear(data as Told)
    const stop = onPresence(
      () => this.#session !== undefined && !this.#hasEnded && void this.look(),
      () => this.#renewEveryMs(),
    )
    void this.look()
    return () => {
      stop()
      clearTimeout(this.#timer)
      this.#channel.close()
    }
  }

  /** Asks whose session the browser has, which renews it. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /**
   * Signs in with a token or a key. Rejects with what is wrong with it. Where there can be no session it stays in this
   * tab's memory, and `noSession` says why.
   */
  async signIn(token: string): Promise<void> {
    const entry = await this.#door.enter(token)
    if (entry.session !== undefined) {
      this.#found(entry.session)
      this.#tell({ type: 'In', session: entry.session })
      return
    }
    // Whoever was signed in before is not found here when the page is reloaded.
    if (this.#session !== undefined && !this.#hasEnded) {
      await this.#door.leave()
      this.#tell({ type: 'Out' })
    }
    clearTimeout(this.#timer)
    this.#enter(entry.username, entry, token)
  }

  /** Rejects where the gateway cannot be told: one is signed in still. */
  async signOut(): Promise<void> {
    if (this.#session !== undefined) {
      await this.#door.leave()
      this.#tell({ type: 'Out' })
    }
    this.#leave(undefined)
  }

  get #inside(): Extract<Standing, { at: 'Inside' }> | undefined {
    return this.#standing.at === 'Inside' ? this.#standing : undefined
  }

  get #session(): Session | undefined {
    return this.#inside?.who.session
  }

  get #hasEnded(): boolean {
    return this.#inside?.ended !== undefined
  }

  async #look(): Promise<void> {
    const entered = this.#entered
    try {
      const session = await this.#door.whose()
      if (entered !== this.#entered) return
      this.#found(session)
      this.#tell({ type: 'In', session })
    } catch (error) {
      // Somebody signed in meanwhile: this was about before.
      if (entered !== this.#entered) return
      const { message } = error as Error
      if (error instanceof Refused && error.status === 401) this.#lost(message)
      else {
        if (this.#inside === undefined) this.#set({ at: 'Silent', why: message })
        this.#lookIn(((error as Refused).retryAfterSeconds ?? 0) * 1000 || LOOK_AGAIN_MS)
      }
    }
  }

  #found(session: Session): void {
    this.#renewedAt = this.now()
    this.#enter(session.username, { session, noSession: undefined }, undefined)
    const over = Math.min(Date.parse(session.renewBy), Date.parse(session.expiresAt))
    // A moment after: who asks before renews what nobody may have needed.
    this.#lookIn(over - this.now() + 1000)
  }

  #enter(
    username: string,
    { session, noSession }: Pick<Who, 'session' | 'noSession'>,
    bearer: string | undefined,
  ): void {
    this.#entered++
    const before = this.#inside?.who
    if (before?.username !== username || this.#credential === undefined) {
      this.#credential?.leave()
      const credential: Credential = new Credential(username, this.#clock, why =>
        this.#refused(credential, why),
      )
      this.#credential = credential
      this.#ids++
    }
    const { api } = this.#credential
    this.#set({ at: 'Inside', who: { id: this.#ids, username, api, session, noSession }, ended: undefined })
    this.#credential.use(bearer)
  }

  /** The gateway does not know the person any more, or did not when that request was sent. */
  async #refused(credential: Credential, why: string): Promise<'Back' | 'Out'> {
    if (credential !== this.#credential) return 'Out'
    if (this.#session === undefined) this.#lost(why)
    else if (!this.#hasEnded) await this.look()
    return credential === this.#credential && !this.#hasEnded ? 'Back' : 'Out'
  }

  #lost(why: string): void {
    clearTimeout(this.#timer)
    const inside = this.#inside
    if (inside === undefined) this.#set({ at: 'Outside', why: undefined })
    else if (inside.ended === undefined) {
      this.#set({ ...inside, ended: whyEnded(inside.who.session, this.now(), why) })
    }
  }

  #leave(why: string | undefined): void {
    clearTimeout(this.#timer)
    this.#entered++
    this.#credential?.leave()
    this.#credential = undefined
    this.#set({ at: 'Outside', why })
  }

  #hear(told: Told): void {
    const inside = this.#inside
    // What another tab has in its memory, or not, is its own affair.
    if (inside !== undefined && inside.who.session === undefined) return
    if (told.type === 'Out') {
      if (inside !== undefined) this.#leave('You signed out in another tab.')
      else this.#set({ at: 'Outside', why: undefined })
    } else if (inside?.who.username === told.session.username && inside.ended === undefined) {
      this.#found(told.session)
    } else void this.look()
  }

  #renewEveryMs(): number {
    const { renewBy } = this.#session ?? {}
    if (renewBy === undefined) return 60_000
    return Math.min(60_000, Math.max(1000, (Date.parse(renewBy) - this.#renewedAt) / 6))
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.look(), Math.min(LONGEST_TIMER_MS, Math.max(0, ms)))
  }

  #tell(told: Told): void {
    this.#channel.postMessage(told)
  }

  #set(standing: Standing): void {
    this.#standing = standing
    for (const listener of this.#listeners) listener()
  }
}

/** Why a session has ended; the gateway's words where there was none, as those are about the token. */
function whyEnded(session: Session | undefined, now: number, words: string): string {
  if (session === undefined) return words
  if (now >= Date.parse(session.expiresAt)) return 'A session ends some hours after it began.'
  if (now >= Date.parse(session.renewBy)) return 'Nobody was at this page for a while.'
  return 'The gateway does not take this session any more: you signed out, its API key has ended, or no project names you.'
}
