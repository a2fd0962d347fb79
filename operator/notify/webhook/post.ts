import type { Clock } from '../../../kube/types.ts'
import { readText } from '../../egress/body.ts'
import {
  AddressRefused,
  describeNetworkError,
  type Egress,
  findCause,
  RedirectRefused,
} from '../../egress/egress.ts'
import type { Outcome } from '../types.ts'
import { type Answer, outcomeOf, saidOf } from './outcome.ts'

/** How long everything may take: the name, the connection, the answer. */
const TIMEOUT_MS = 10_000
/** Most bytes of an answer that are read. */
const MAX_BODY = 65_536

export interface Posting {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What an error may not repeat. */
  readonly secrets: readonly string[]
}

interface Deps {
  readonly egress: Egress
  readonly clock: Clock
}

/** Sends once. Never rejects; an error names the host of the URL and nothing more of it. */
export async function post({ egress, clock }: Deps, posting: Posting, signal: AbortSignal): Promise<Outcome> {
  const { host } = posting.url
  const own = new AbortController()
  let late = false
  const cancel = clock.after(TIMEOUT_MS, () => {
    late = true
    own.abort()
  })
  const both = AbortSignal.any([own.signal, signal])
  let answer: Answer | undefined
  try {
    const response = await unlessAborted(
      egress.fetch(posting.url, {
        method: 'POST',
        headers: { ...posting.headers, 'accept-encoding': 'identity', 'user-agent': 'Countersign' },
        body: posting.body,
        signal: both,
      }),
      both,
    )
    answer = { host, status: response.status, headers: Object.fromEntries(response.headers), said: undefined }
    // It was taken: what else it says, and how long that takes, is of no matter.
    if (response.ok) void response.body?.cancel().catch(() => {})
    else answer = { ...answer, said: await unlessAborted(said(response, posting.secrets), both) }
    return outcomeOf(answer, () => clock.now())
  } catch (error) {
    if (answer !== undefined) return outcomeOf(answer, () => clock.now())
    if (late) return broken(`${host} did not answer within ${TIMEOUT_MS / 1000} s`)
    if (signal.aborted) return { state: 'Retrying', error: `${host} was not waited for: the operator stops` }
    return failedToSend(host, error)
  } finally {
    cancel()
    // Ends what is still being read.
    own.abort()
  }
}

async function said(response: Response, secrets: readonly string[]): Promise<string | undefined> {
  const body = await readText(response, MAX_BODY)
  return body.ok ? saidOf(response.headers.get('content-type') ?? '', body.text, secrets) : undefined
}

function failedToSend(host: string, error: unknown): Outcome {
  const redirect = findCause(error, (each): each is RedirectRefused => each instanceof RedirectRefused)
  if (redirect) {
    return {
      state: 'Failed',
      error: `${host} ${redirect.message}. Write the address that it leads to into the Secret of the webhook`,
    }
  }
  const refused = findCause(error, (each): each is AddressRefused => each instanceof AddressRefused)
  if (refused) return broken(refused.message)
  return broken(`${host} could not be reached: ${describeNetworkError(error)}`)
}

/** It is the way there: everything else that goes there would meet it too. */
const broken = (error: string): Outcome => ({ state: 'Retrying', error, wholeLane: true })

/** Rejects as soon as the signal is aborted, whatever the work does. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new DOMException('stopped', 'AbortError'))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
