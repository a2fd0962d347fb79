import type { Via } from '../../crds/v1alpha1/approvalrequest.ts'
import { VIA_EXTRA } from '../../crds/v1alpha1/meta.ts'
import type { Client } from '../../kube/client.ts'
import type { AccessQuestion } from './access/question.ts'
import type { Reviews } from './access/reviews.ts'
import type { Caller, Scope } from './credentials.ts'
import { type Person, whoAmI } from './identity.ts'

/** What somebody as whom the gateway acts is made with. */
export interface ImpersonatedOptions {
  readonly username: string
  readonly via: Via
  readonly id: string
  readonly keyID?: string | undefined
  readonly scope: Scope
  /** The gateway's own, whose connections it uses. */
  readonly client: Client
  readonly reviews: Reviews
  /**
   * Whether what they came with still works, in this project where one is given; `ageMs`: how old that may be, a second at
   * most where nothing is said, 0: not at all.
   */
  readonly works: (project?: string, ageMs?: number) => Promise<boolean>
}

/**
 * Somebody as whom the gateway acts, by name and with no groups, through its own connections. What they may is asked each
 * time, so that what they came with never does more than its user may at that moment.
 */
export class ImpersonatedCaller implements Caller {
  readonly client: Client
  readonly via: Via
  readonly id: string
  readonly keyID?: string
  readonly scope: Scope
  readonly username: string
  readonly #extra: Readonly<Record<string, readonly string[]>>
  readonly #options: Pick<ImpersonatedOptions, 'reviews' | 'works'>
  #person: Promise<Person> | undefined

  /** Throws `TypeError` for a user name that cannot be sent. */
  constructor({ username, via, id, keyID, scope, client, reviews, works }: ImpersonatedOptions) {
    this.username = username
    this.via = via
    this.id = id
    if (keyID !== undefined) this.keyID = keyID
    this.scope = scope
    this.#extra = { [VIA_EXTRA]: [via] }
    this.#options = { reviews, works }
    this.client = client.impersonate({ user: username, extra: this.#extra })
  }

  person(): Promise<Person> {
    this.#person ??= whoAmI(this.client)
    return this.#person
  }

  async may(question: AccessQuestion, ageMs?: number): Promise<boolean> {
    // The API server adds this group to whoever is impersonated, too.
    const subject = { user: this.username, groups: ['system:authenticated'], extra: this.#extra }
    // Event streams and long polls end by this question, so it is about what they came with as well.
    const [works, allowed] = await Promise.all([
      this.#options.works(question.namespace, ageMs),
      this.#options.reviews.subject(this.id, subject, question, ageMs),
    ])
    return works && allowed
  }

  stillWorks(): Promise<boolean> {
    return this.#options.works()
  }

  /** Whether what they came with works at this moment: asked before anything is written with it. */
  worksNow(): Promise<boolean> {
    return this.#options.works(undefined, 0)
  }
}
