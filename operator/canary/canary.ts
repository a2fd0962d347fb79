// The operator trusts no admission policy that it has not seen refuse. Before it settles or executes anything, and
// every minute after, each policy is put to the test with a forbidden write, as a dry run.
//
//            every policy refused
//   untrusted ───────────────────> trusted
//       ^                             │
//       └─────────────────────────────┘
//         one did not, or the last check is too old
import { approvalRequests } from '../../crds/v1alpha1/resources.ts'
import type { Client } from '../../kube/client.ts'
import { sleep } from '../../kube/clock.ts'
import { ApiError, isAlreadyExists, logSafe } from '../../kube/errors.ts'
import type { Logger } from '../../kube/logger.ts'
import type { Clock } from '../../kube/types.ts'
import { CANARY_NAME, canaryRequest, canaryUser } from './objects.ts'
import { type ForbiddenWrite, forbiddenWrites, type Triers } from './writes.ts'

/** A policy that was not seen to refuse, and what happened instead, for people. */
export interface UnseenRefusal {
  readonly policy: string
  readonly message: string
}

/** What one check found. `failed` is empty exactly when `ok`. */
export interface CanaryResult {
  readonly ok: boolean
  readonly failed: readonly UnseenRefusal[]
}

/** The gauges that a check sets. */
export interface CanaryMetrics {
  readonly policiesTrusted: { set(value: 0 | 1): void }
  readonly policyRefusing: { set(labels: { policy: string }, value: 0 | 1): void }
}

export interface CanaryOptions {
  /** The operator's own client. */
  readonly client: Client
  /** The operator's namespace, which the policies and roles know it by; default `countersign-system`. */
  readonly namespace?: string
  /** The client as the canary; default: `client`, impersonating it. */
  readonly as?: Client
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics?: CanaryMetrics
  /** Milliseconds between checks while all is well; default 60,000. */
  readonly intervalMs?: number
  /** Milliseconds to the next check while it is not; default 2,000. */
  readonly retryMs?: number
}

export interface Canary {
  /** Tries every forbidden write once. Never rejects: what could not be tried was not seen to be refused. */
  check(): Promise<CanaryResult>
  /** Checks now and again and again until `signal` aborts. */
  start(signal: AbortSignal): void
  /** Whether every policy refused at the last check, and that was not long ago. */
  trusted(): boolean
  /** Why `trusted()` is false, for people. */
  reason(): string
  /** Calls `callback` whenever a check changes `trusted()`; the returned function ends that. */
  onChange(callback: (trusted: boolean) => void): () => void
}

/** The names of the policies that are tried, each once. */
export const canaryPolicies: readonly string[] = [...new Set(forbiddenWrites.map(write => write.policy))]

const attemptTimeoutMs = 10_000

export function createCanary(options: CanaryOptions): Canary {
  const {
    client,
    clock,
    logger,
    namespace = 'countersign-system',
    intervalMs = 60_000,
    retryMs = 2000,
  } = options
  const canary = options.as ?? client.impersonate({ user: canaryUser(namespace) })
  const by: Triers = { own: client, canary, namespace }
  // A check that hangs ends after its time-outs: twice two of them is more than it can take.
  const maxAgeMs = intervalMs + 4 * attemptTimeoutMs
  const listeners = new Set<(trusted: boolean) => void>()
  let last: { readonly result: CanaryResult; readonly at: number } | undefined

  const trusted = (): boolean => last?.result.ok === true && clock.now() - last.at <= maxAgeMs

  const check = async (): Promise<CanaryResult> => {
    const before = trusted()
    const at = clock.now()
    await prepare(client, namespace).catch(error => {
      logger.warn({ error: logSafe(error) }, 'the request for the canary could not be made')
    })
    const outcomes = await Promise.all(forbiddenWrites.map(write => tryOne(write, by)))
    const failed = outcomes.filter(outcome => outcome !== undefined)
    const result = { ok: failed.length === 0, failed }
    last = { result, at }
    measure(result)
    tell(before, result)
    return result
  }

  const measure = ({ ok, failed }: CanaryResult): void => {
    options.metrics?.policiesTrusted.set(ok ? 1 : 0)
    for (const policy of canaryPolicies) {
      options.metrics?.policyRefusing.set({ policy }, failed.some(one => one.policy === policy) ? 0 : 1)
    }
  }

  const tell = (before: boolean, result: CanaryResult): void => {
    if (result.ok === before) return
    if (result.ok) logger.info({ policies: canaryPolicies.length }, 'every admission policy refuses: trusted')
    else
      logger.error(
        { failed: result.failed },
        'an admission policy does not refuse: nothing is settled or executed',
      )
    for (const listener of listeners) listener(result.ok)
  }

  return {
    check,
    trusted,
    reason() {
      if (last === undefined) return 'no admission policy was seen to refuse yet'
      if (last.result.ok) return 'the last look at the admission policies is too long ago'
      return last.result.failed.map(({ policy, message }) => `${policy}: ${message}`).join('; ')
    },
    start(signal) {
      void (async () => {
        while (!signal.aborted) {
          const { ok } = await check()
          await sleep(clock, ok ? intervalMs : retryMs, signal)
        }
      })()
    },
    onChange(callback) {
      listeners.add(callback)
      return () => listeners.delete(callback)
    },
  }
}

/** Undefined when the policy refused. */
async function tryOne(write: ForbiddenWrite, by: Triers): Promise<UnseenRefusal | undefined> {
  const { policy, describe } = write
  try {
    await write.attempt(by, { dryRun: true, timeoutMs: attemptTimeoutMs })
  } catch (error) {
    if (isRefusalBy(policy, error)) return undefined
    return { policy, message: `${describe}: refused, but not by the policy (${inShort(error)})` }
  }
  return { policy, message: `${describe}: it would have been allowed. Apply crds/admission again` }
}

/** A 403 of a role, a schema's 422 or an answer that never came show nothing of the policy. */
const isRefusalBy = (policy: string, error: unknown): boolean =>
  error instanceof ApiError &&
  error.code === 403 &&
  error.message.includes(`ValidatingAdmissionPolicy '${policy}' with binding '`)

/** The objects that are tried are our own and hold no secret, so that the server's words may be logged. */
const inShort = (error: unknown): string =>
  error instanceof Error ? error.message.slice(0, 512) : 'no answer'

/**
 * Makes the one object that must exist, to have its status written and itself deleted: a request, cancelled at once so
 * that it waits for nobody.
 */
async function prepare(client: Client, namespace: string): Promise<void> {
  const ref = { namespace, name: CANARY_NAME }
  const options = { timeoutMs: attemptTimeoutMs }
  const found = await client.find(approvalRequests, ref, options)
  if (found === undefined) {
    await client.create(approvalRequests, canaryRequest(namespace), options).catch(error => {
      if (!isAlreadyExists(error)) throw error
    })
  }
  if (found !== undefined && found.status.phase !== 'Pending') return
  await client.patch(
    approvalRequests,
    ref,
    { type: 'merge', body: { status: { phase: 'Cancelled' } } },
    { ...options, subresource: 'status' },
  )
}
