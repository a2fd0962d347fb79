import { ask, type GatewayClock, Refused } from '../api/client.ts'
import type { Session } from '../api/types.ts'

const NO_COOKIE =
  'This browser does not keep the cookie of a session: it does so over https alone (and on localhost).'

/** What became of a token or a key: a session, or the words why there can be none for whom it is of. */
export type Entry =
  | { readonly session: Session }
  | { readonly session: undefined; readonly username: string; readonly noSession: string }

/** What is asked of the gateway about sessions. */
export interface Door {
  /** Whose session the browser has; renews it. Rejects with `Refused` 401 where it has none. */
  whose(): Promise<Session>
  /** Rejects with what is wrong with the token. */
  enter(token: string): Promise<Entry>
  leave(): Promise<void>
}

export function doorOf(clock: GatewayClock): Door {
  const whose = async (): Promise<Session> => (await ask(clock, '/session')).json()
  const without = async (token: string, noSession: string): Promise<Entry> => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await ask(clock, '/me', { headers, credentials: 'omit' })
    const { username } = (await answer.json()) as { username: string }
    return { session: undefined, username, noSession }
  }
  return {
    whose,
    enter: async token => {
      const headers = { 'content-type': 'application/json' }
      try {
        await ask(clock, '/session', { method: 'POST', headers, body: JSON.stringify({ token }) })
      } catch (error) {
        const noSession = error instanceof Refused && (error.status === 403 || error.code === 'NoSessions')
        if (!noSession) throw error
        return without(token, error.message)
      }
      const kept = await whose().catch(error => {
        if (error instanceof Refused && error.status === 401) return undefined
        throw error
      })
      return kept === undefined ? without(token, NO_COOKIE) : { session: kept }
    },
    leave: async () => {
      await ask(clock, '/session', { method: 'DELETE' })
    },
  }
}
