import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import { type AccessQuestion, keyOfQuestion, resourceAttributes } from './question.ts'
import { type Outcome, Recent } from './recent.ts'

/** Somebody as whom the API server is asked. */
export interface Subject {
  readonly user: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

export interface ReviewsOptions {
  /** The gateway's own: asks for those whose token it does not hold. */
  readonly client: Client
  readonly clock: Clock
  /** Whether the rights in this namespace are being changed just now: nothing is kept then. */
  readonly isChanging?: (namespace: string) => boolean
  readonly onOutcome?: (outcome: Outcome) => void
}

const maxAgeMs = 2000
const maxKept = 20_000

/**
 * What people may do, by reviews of the API server that are at most 2 s old. An answer belongs to one credential: of two
 * tokens of one person one may be bound to less.
 */
export class Reviews {
  readonly #options: ReviewsOptions
  /** Per namespace, so that one can be forgotten; `''` for questions of the whole cluster. */
  readonly #recent: Recent<boolean>

  constructor(options: ReviewsOptions) {
    this.#options = options
    this.#recent = new Recent<boolean>({ clock: options.clock, maxAgeMs, max: maxKept })
  }

  /** Asks with somebody's own credential. `id`: of that credential. */
  self(id: string, client: Client, question: AccessQuestion): Promise<boolean> {
    return this.#ask(id, question, () => review(client, 'SelfSubjectAccessReview', {}, question))
  }

  /** Asks, as the gateway, about somebody whose token it does not hold. `id`: of their credential. */
  subject(id: string, subject: Subject, question: AccessQuestion): Promise<boolean> {
    return this.#ask(id, question, () =>
      review(this.#options.client, 'SubjectAccessReview', { ...subject }, question),
    )
  }

  /** The rights in this namespace have changed. */
  forget(namespace: string): void {
    this.#recent.forget(key => key.startsWith(`${namespace} `))
  }

  #ask(id: string, question: AccessQuestion, ask: () => Promise<boolean>): Promise<boolean> {
    const { namespace = '' } = question
    const { isChanging = () => false, onOutcome = () => {} } = this.#options
    if (namespace !== '' && isChanging(namespace)) {
      onOutcome('asked')
      return ask()
    }
    // A namespace holds no space, and an id comes last but for what cannot be mistaken.
    return this.#recent.get(`${namespace} ${keyOfQuestion(question)} ${id}`, ask, onOutcome)
  }
}

async function review(
  client: Client,
  kind: 'SelfSubjectAccessReview' | 'SubjectAccessReview',
  subject: object,
  question: AccessQuestion,
): Promise<boolean> {
  const answer = (await client.raw({
    method: 'POST',
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind,
      spec: { ...subject, resourceAttributes: resourceAttributes(question) },
    },
  })) as { status?: { allowed?: boolean; denied?: boolean } }
  return answer.status?.allowed === true && answer.status.denied !== true
}
