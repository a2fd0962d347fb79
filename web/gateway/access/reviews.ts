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
  /** By namespace (none holds a space), so that one can be forgotten, by question and by credential. */
  readonly #recent: Recent<boolean>

  constructor(options: ReviewsOptions) {
    this.#options = options
    this.#recent = new Recent<boolean>({ clock: options.clock, maxAgeMs, max: maxKept })
  }

  /** Asks with somebody's own credential. `id`: of that credential. `ageMs`: how old an answer will do, at most 2 s. */
  self(id: string, client: Client, question: AccessQuestion, ageMs?: number): Promise<boolean> {
    return this.#ask(id, question, ageMs, () => review(client, 'SelfSubjectAccessReview', {}, question))
  }

  /** Asks, as the gateway, about somebody whose token it does not hold. `id`: of their credential. */
  subject(id: string, subject: Subject, question: AccessQuestion, ageMs?: number): Promise<boolean> {
    return this.#ask(id, question, ageMs, () =>
      review(this.#options.client, 'SubjectAccessReview', { ...subject }, question),
    )
  }

  /** The rights in this namespace have changed. */
  forget(namespace: string): void {
    this.#recent.forget(key => key.startsWith(`${namespace} `))
  }

  #ask(
    id: string,
    question: AccessQuestion,
    ageMs: number | undefined,
    ask: () => Promise<boolean>,
  ): Promise<boolean> {
    const { namespace = '' } = question
    const { isChanging = () => false, onOutcome = () => {} } = this.#options
    if (namespace !== '' && isChanging(namespace)) {
      onOutcome('asked')
      return ask()
    }
    const key = `${namespace} ${keyOfQuestion(question)} ${id}`
    return this.#recent.get(key, ask, { onOutcome, ...(ageMs === undefined ? {} : { maxAgeMs: ageMs }) })
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
