import { ImpersonatedCaller, type ImpersonatedOptions } from '../impersonated.ts'
import type { Session } from './session.ts'

/** What a session's caller is made with. */
export interface SessionCallerOptions
  extends Pick<ImpersonatedOptions, 'client' | 'reviews' | 'scope' | 'works'> {
  readonly session: Session
}

/** Somebody with the session of a browser: acts as its user, as somebody with an API key does. */
export class SessionCaller extends ImpersonatedCaller {
  readonly session: Session

  /** Throws `TypeError` for a user name that cannot be sent. */
  constructor({ session, ...options }: SessionCallerOptions) {
    super({
      ...options,
      username: session.user,
      via: 'Web',
      // One for all sessions of a person: who signs in a hundred times may not ask for a hundred times as much.
      id: `web:${session.user}`,
      keyID: session.key?.id,
    })
    this.session = session
  }
}
