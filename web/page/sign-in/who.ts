import { type Api, createApi, type GatewayClock, Refused } from '../api/client.ts'
import type { Session } from '../api/types.ts'

/** Somebody who is signed in. */
export interface Who {
  /** Another one for another person: they get a clean page. */
  readonly id: number
  readonly username: string
  readonly api: Api
  /** The browser's session; undefined: the credential is in the memory of this tab. */
  readonly session: Session | undefined
  /** Why there is no session. */
  readonly noSession: string | undefined
}

/** How somebody is signed in at this moment, which may change while they go on with what they were at. */
export class Credential {
  #bearer: string | undefined
  #left = false
  #waiting: { resolve(): void; reject(error: Error): void }[] = []
  readonly api: Api

  /** `refused` is called with each 401: it finds out what became of the person. */
  constructor(username: string, clock: GatewayClock, refused: (why: string) => Promise<'Back' | 'Out'>) {
    this.api = createApi(
      {
        username,
        bearer: () => {
          if (this.#left) throw gone()
          return this.#bearer
        },
        again: async ({ message }) => {
          if (this.#left) throw gone()
          const back = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
          if ((await refused(message)) === 'Back') this.#settle(one => one.resolve())
          await back
        },
      },
      clock,
    )
  }

  /** The same person is signed in, with this token or by the browser's cookie. */
  use(bearer: string | undefined): void {
    this.#bearer = bearer
    this.#settle(one => one.resolve())
  }

  /** They left: nothing is asked in their name any more. */
  leave(): void {
    this.#left = true
    this.#bearer = undefined
    this.#settle(one => one.reject(gone()))
  }

  #settle(how: (one: { resolve(): void; reject(error: Error): void }) => void): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) how(one)
  }
}

const gone = () => new Refused(401, { code: 'Unauthenticated', detail: 'You are signed out.' })
