import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { VIA_EXTRA } from '../../../crds/v1alpha1/meta.ts'
import type { Client } from '../../../kube/client.ts'
import type { AccessQuestion } from '../access/question.ts'
import type { Reviews } from '../access/reviews.ts'
import type { Caller, Scope } from '../credentials.ts'
import { type Person, whoAmI } from '../identity.ts'

/** What a key's caller is made with. */
export interface KeyCallerOptions {
  readonly key: APIKey
  /** The gateway's own, whose connections it uses. */
  readonly client: Client
  readonly reviews: Reviews
  /** Whether the key still works, as it was at most `ageMs` ago, and a second ago at most; 0: as it is. */
  readonly works: (ageMs?: number) => Promise<boolean>
}

const extra = { [VIA_EXTRA]: ['API'] }

/**
 * Somebody who came with an API key: acts as its user, by name and with no groups, through the gateway's own
 * connections. What they may is asked each time, so that a key never does more than its user may at that moment.
 */
export class KeyCaller implements Caller {
  readonly client: Client
  readonly via = 'API'
  readonly id: string
  readonly keyID: string
  readonly scope: Scope
  readonly username: string
  readonly #options: KeyCallerOptions
  #person: Promise<Person> | undefined

  /** Throws `TypeError` for a user name that cannot be sent. */
  constructor(options: KeyCallerOptions) {
    const { client, key } = options
    const { project, user, readOnly, agents } = key.spec
    this.#options = options
    this.username = user
    this.id = key.metadata.name
    this.keyID = key.metadata.name
    this.scope = { project, readOnly, ...(agents === undefined ? {} : { agents }) }
    this.client = client.impersonate({ user, extra })
  }

  person(): Promise<Person> {
    this.#person ??= whoAmI(this.client)
    return this.#person
  }

  async may(question: AccessQuestion, ageMs?: number): Promise<boolean> {
    // The API server adds this group to whoever is impersonated, too.
    const subject = { user: this.username, groups: ['system:authenticated'], extra }
    // Event streams and long polls end by this question, so it is about the key as well.
    const [works, allowed] = await Promise.all([
      this.#options.works(ageMs),
      this.#options.reviews.subject(this.id, subject, question, ageMs),
    ])
    return works && allowed
  }

  stillWorks(): Promise<boolean> {
    return this.#options.works()
  }

  /** Whether the key works at this moment: asked before anything is written with it. */
  worksNow(): Promise<boolean> {
    return this.#options.works(0)
  }
}
