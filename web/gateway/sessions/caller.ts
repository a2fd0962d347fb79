import { VIA_EXTRA } from '../../../crds/v1alpha1/meta.ts'
import type { Client } from '../../../kube/client.ts'
import type { AccessQuestion } from '../access/question.ts'
import type { Reviews } from '../access/reviews.ts'
import type { Caller, Scope } from '../credentials.ts'
import { type Person, whoAmI } from '../identity.ts'
import type { Session } from './session.ts'

/** What a session's caller is made with. */
export interface SessionCallerOptions {
  readonly session: Session
  readonly scope: Scope
  /** The gateway's own, whose connections it uses. */
  readonly client: Client
  readonly reviews: Reviews
  /** Whether it is still good, in this project where one is given; `ageMs`: how old that may be, 0: not at all. */
  readonly works: (project?: string, ageMs?: number) => Promise<boolean>
}

const extra = { [VIA_EXTRA]: ['Web'] }

/**
 * Somebody with the session of a browser: acts as its user, by name and with no groups, as somebody with an API key does.
 * What they may is asked each time.
 */
export class SessionCaller implements Caller {
  readonly client: Client
  readonly via = 'Web'
  readonly id: string
  readonly keyID?: string
  readonly scope: Scope
  readonly username: string
  readonly session: Session
  readonly #options: SessionCallerOptions
  #person: Promise<Person> | undefined

  /** Throws `TypeError` for a user name that cannot be sent. */
  constructor(options: SessionCallerOptions) {
    const { client, session, scope } = options
    this.#options = options
    this.session = session
    this.username = session.user
    // One for all sessions of a person: who signs in a hundred times may not ask for a hundred times as much.
    this.id = `web:${session.user}`
    if (session.key !== undefined) this.keyID = session.key.id
    this.scope = scope
    this.client = client.impersonate({ user: session.user, extra })
  }

  person(): Promise<Person> {
    this.#person ??= whoAmI(this.client)
    return this.#person
  }

  async may(question: AccessQuestion, ageMs?: number): Promise<boolean> {
    // The API server adds this group to whoever is impersonated, too.
    const subject = { user: this.username, groups: ['system:authenticated'], extra }
    // Event streams and long polls end by this question, so it is about the session as well.
    const [works, allowed] = await Promise.all([
      this.#options.works(question.namespace, ageMs),
      this.#options.reviews.subject(this.id, subject, question, ageMs),
    ])
    return works && allowed
  }

  stillWorks(): Promise<boolean> {
    return this.#options.works()
  }

  /** Whether it is good at this moment: asked before anything is written with it. */
  worksNow(): Promise<boolean> {
    return this.#options.works(undefined, 0)
  }
}
