import type { Via } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Client } from '../../kube/client.ts'
import { isSendableToken } from '../../kube/impersonation.ts'
import { type Person, whoAmI } from './identity.ts'
import { problem } from './problems/problem.ts'

/** Somebody whose request this is, and the client that asks the API server as them. */
export interface Caller {
  readonly client: Client
  /** The path that a decision of theirs comes over. */
  readonly via: Via
  /** Who they are, by the API server's word; asked once a request. */
  person(): Promise<Person>
  /** Their name, once `person` has answered. */
  readonly username: string | undefined
}

/** Finds out who asks, from the Authorization header. Throws the problem `Unauthenticated`. */
export type Credentials = (authorization: string | undefined) => Caller

/**
 * Tokens that the API server accepts, passed through as they are: `client` gives its connections and nothing of its
 * own rights.
 */
export function bearerTokens(client: Client): Credentials {
  return authorization => {
    const token = tokenIn(authorization)
    return new TokenCaller(client.withToken(token))
  }
}

class TokenCaller implements Caller {
  readonly client: Client
  readonly via = 'Token'
  username: string | undefined
  #person: Promise<Person> | undefined

  constructor(client: Client) {
    this.client = client
  }

  person(): Promise<Person> {
    this.#person ??= whoAmI(this.client).then(person => {
      this.username = person.username
      return person
    })
    return this.#person
  }
}

function tokenIn(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw unauthenticated('Send a token that the API server accepts, as Authorization: Bearer <token>.')
  }
  const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (token === undefined)
    throw unauthenticated('The Authorization header is not of the form Bearer <token>.')
  if (token.startsWith('csk_')) throw unauthenticated('API keys are not accepted by this gateway.')
  if (!isSendableToken(token)) throw unauthenticated('The token holds characters that no token has.')
  return token
}

const unauthenticated = (what: string) => problem('Unauthenticated', { what })
