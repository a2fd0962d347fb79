import type { Via } from '../../crds/v1alpha1/approvalrequest.ts'
import type { Client } from '../../kube/client.ts'
import type { AccessQuestion } from './access/question.ts'
import type { Person } from './identity.ts'

/** What a credential itself is narrowed to, whatever its person may. */
export interface Scope {
  /** The only project that it reaches; absent: all of its person's. */
  readonly project?: string
  readonly readOnly: boolean
  /** The only agents that it has to do with; absent: all. */
  readonly agents?: readonly string[]
}

/** Somebody whose request this is. Their credential has been verified. */
export interface Caller {
  /** Asks the API server as them: for writes, and for what is not cached. */
  readonly client: Client
  /** The path that a decision of theirs comes over. */
  readonly via: Via
  /** Opaque, the same for one credential as long as it lives: for caches and limits, never for a log. */
  readonly id: string
  readonly scope: Scope
  /** Id of the API key that it is, or that it was made with: nothing that is made with it may exceed that key. */
  readonly keyID?: string
  /** Their name, by the API server's word. */
  readonly username: string
  /** Who they are, with the time as it is now by the API server's clock. */
  person(): Promise<Person>
  /**
   * Whether they may, by a review that was asked for at most 2 s ago, or `ageMs` where that is less. Says nothing of the
   * scope.
   */
  may(question: AccessQuestion, ageMs?: number): Promise<boolean>
  /**
   * Whether their credential still works, as it was a second ago at most: asked before each of many writes. Absent where
   * every write is judged by it.
   */
  stillWorks?(): Promise<boolean>
}

/** Somebody tries to be somebody. */
export interface Attempt {
  /** The Authorization header. */
  readonly authorization: string | undefined
  /** Of the client; behind trusted proxies the one that they forward for. */
  readonly address: string
}

/** Finds out who asks. Rejects with the problem `Unauthenticated` or `TooManyRequests`. */
export type Credentials = (attempt: Attempt) => Promise<Caller>
