import type { APIKey } from '../../../crds/v1alpha1/apikey.ts'
import { ImpersonatedCaller, type ImpersonatedOptions } from '../impersonated.ts'

/** What a key's caller is made with. */
export interface KeyCallerOptions extends Pick<ImpersonatedOptions, 'client' | 'reviews'> {
  readonly key: APIKey
  /** Whether the key still works, as it was at most `ageMs` ago, and a second ago at most; 0: as it is. */
  readonly works: (ageMs?: number) => Promise<boolean>
}

/** Somebody who came with an API key: acts as its user, in its project. */
export class KeyCaller extends ImpersonatedCaller {
  /** Throws `TypeError` for a user name that cannot be sent. */
  constructor({ key, works, ...options }: KeyCallerOptions) {
    const { name: id } = key.metadata
    const { project, user, readOnly, agents } = key.spec
    super({
      ...options,
      username: user,
      via: 'API',
      id,
      keyID: id,
      scope: { project, readOnly, ...(agents === undefined ? {} : { agents }) },
      works: (_, ageMs) => works(ageMs),
    })
  }
}
