import type { ApprovalRequest, Decision } from '../../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import type { JsonPatchOp } from '../../../kube/client.ts'
import { sleep } from '../../../kube/clock.ts'
import {
  ApiError,
  ConnectionError,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
} from '../../../kube/errors.ts'
import type { ObjectRef } from '../../../kube/types.ts'
import { checkAgent } from '../access/scope.ts'
import type { Caller } from '../credentials.ts'
import type { Deps } from '../deps.ts'
import { type Person, whoAmI } from '../identity.ts'
import { problem } from '../problems/problem.ts'
import { isPolicyDenial } from '../problems/translate.ts'
import { expiryOf } from './item.ts'
import { expired, standingOf, type Verdict } from './standing.ts'

/** What somebody asks for. */
export interface Wish {
  readonly verdict: Verdict
  readonly reason?: string | undefined
  /** Digest of the call that they saw; another one is refused. */
  readonly callDigest?: string | undefined
}

const maxAttempts = 8

//   read ── done already ──────────────────────────► answer
//    ▲ ╲── settled, or decided otherwise ───────────► refuse
//    │  ╲─ open ── patch ── landed ─────────────────► answer
//    │                 ╲
//    └── read again ────┴ refused or lost: whatever stands now says what it was
//
/**
 * Adds the caller's decision to a request, by their own credentials: the policies of the API server say whether they
 * may, whether it is still time and whether it is still open. Returns the request with the decision in it. The same
 * decision again is no error, however often and however late. Throws a `Problem`, or what the API server refused with.
 */
export async function decide(
  deps: Pick<Deps, 'clock' | 'random' | 'cache'>,
  caller: Caller,
  ref: ObjectRef,
  wish: Wish,
): Promise<ApprovalRequest> {
  if (wish.verdict === 'Reject' && !/\S/.test(wish.reason ?? '')) throw problem('ReasonRequired', {})
  const [person, first] = await Promise.all([caller.person(), caller.client.get(approvalRequests, ref)])
  /** What this gateway has answered with, its own next read shows too. */
  const shown = (decided: ApprovalRequest) => {
    deps.cache.approvals.store.wrote(decided)
    return decided
  }
  let request = first
  let refusal: unknown
  for (let attempt = 1; ; attempt++) {
    checkAgent(caller.scope, request.spec.agentRef.name, approvalRequests, ref.name)
    if (wish.callDigest !== undefined && wish.callDigest !== request.spec.callDigest) {
      throw problem('CallDiffers', { name: ref.name })
    }
    const standing = standingOf(request, person.username, wish.verdict)
    if (standing.kind === 'Done') return shown(request)
    if (standing.kind === 'Refused') throw standing.problem
    if (refusal !== undefined) await throwUnlessWorthRepeating(caller, request, refusal, attempt)
    // One of a hundred decisions, or one that was tried again and again, may come long after the request for it.
    if ((await caller.stillWorks?.()) === false) {
      throw problem('Unauthenticated', { what: 'This credential is not accepted any more.' })
    }
    try {
      return shown(await addDecision(caller, request, person, wish))
    } catch (error) {
      if (!isAboutState(error)) throw error
      refusal = error
      // Many who write at once must not meet again at once.
      if (isConflict(error)) await sleep(deps.clock, 20 * attempt * (1 + deps.random()))
      request = await caller.client.get(approvalRequests, ref)
    }
  }
}

/**
 * One entry under the reviewer's own name. Never the body's: who decides is who authenticated. The time is the API
 * server's: a policy refuses one that is far from it, and our own clock may be.
 */
function addDecision(
  { client, via }: Caller,
  request: ApprovalRequest,
  { username, at }: Person,
  { verdict, reason }: Wish,
): Promise<ApprovalRequest> {
  const { name, namespace = '', uid } = request.metadata
  const decision: Decision = {
    reviewer: username,
    verdict,
    ...(reason === undefined || reason.trim() === '' ? {} : { reason }),
    ...(at === undefined ? {} : { decidedAt: new Date(at).toISOString().replace('.000Z', 'Z') }),
    via,
  }
  const body: readonly JsonPatchOp[] = [
    // The name may meanwhile stand for another request.
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/status/decisions/-', value: decision },
  ]
  return client.patch(
    approvalRequests,
    { name, namespace },
    { type: 'json', body },
    { subresource: 'status' },
  )
}

/** Whether the request as it stands now may explain the failure. */
const isAboutState = (error: unknown): boolean =>
  isForbidden(error) ||
  isInvalid(error) ||
  isConflict(error) ||
  isNotFound(error) ||
  error instanceof ConnectionError ||
  (error instanceof ApiError && error.code >= 500)

/** The request is still open and yet the decision was not taken: says why, or returns where another try makes sense. */
async function throwUnlessWorthRepeating(
  caller: Caller,
  request: ApprovalRequest,
  refusal: unknown,
  attempt: number,
): Promise<void> {
  if (isPolicyDenial(refusal)) {
    // Asked again, as time has passed: only the API server's clock counts.
    const { at } = await whoAmI(caller.client)
    if (at !== undefined && at >= expiryOf(request)) throw expired(request)
    throw refusal
  }
  if (isForbidden(refusal) || isNotFound(refusal) || attempt > maxAttempts) throw refusal
  // An answer that was lost, once: the decision is not there, so it did not land.
  if (!isConflict(refusal) && attempt > 2) throw refusal
}
