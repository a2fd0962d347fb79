import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { visible } from '../../operator/policy/visible.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { approvals, expiresAt } from '../requests/time.ts'
import { duration, utc, when } from '../text/duration.ts'
import { type Verdict, WORDS } from './verdict.ts'

/** What there is to say of one request, and the exit code that goes with it. `text` begins with a verb. */
export interface Outcome {
  readonly code: ExitCode
  readonly text: string
}

const names = (reviewers: readonly string[]): string => [...reviewers].sort().map(visible).join(', ')

const deciders = (request: ApprovalRequest, verdict: Verdict): string =>
  names(request.status.decisions.filter(d => d.verdict === verdict).map(d => d.reviewer))

const reasons = (request: ApprovalRequest, verdict: Verdict): string => {
  const given = request.status.decisions.filter(d => d.verdict === verdict && d.reason)
  return given.length === 0 ? '' : `: ${given.map(d => visible(d.reason ?? '')).join('; ')}`
}

/** How a settled request was settled: by whom, when, with what reason. Undefined while it is pending. */
export function settlement(request: ApprovalRequest, now: number): Outcome | undefined {
  const { phase, decidedAt, message } = request.status
  const at = decidedAt === undefined ? '' : `, ${when(decidedAt, now)}`
  switch (phase) {
    case 'Pending':
      return undefined
    case 'Approved':
    case 'Rejected': {
      const verdict = phase === 'Approved' ? 'Approve' : 'Reject'
      const by = deciders(request, verdict)
      const text = `was ${WORDS[verdict].done}${by ? ` by ${by}` : ''}${at}${reasons(request, verdict)}`
      return { code: EXIT.settledOtherwise, text }
    }
    case 'Expired':
      return { code: EXIT.expired, text: expiry(request, now) }
    case 'Cancelled':
      return {
        code: EXIT.settledOtherwise,
        text: `was cancelled${at}${message ? `: ${visible(message)}` : ''}`,
      }
  }
}

/** When it expired or expires. */
export function expiry(request: ApprovalRequest, now: number): string {
  const at = expiresAt(request)
  const after = `${duration(request.spec.timeoutSeconds * 1000)} after it was asked for`
  const ago = at <= now ? `${duration(now - at)} ago` : `in ${duration(at - now)}`
  return at <= now ? `expired at ${utc(at)} (${ago}, ${after})` : `expires at ${utc(at)} (${ago})`
}

/**
 * What stands in the way of `reviewer` giving `verdict` on the request as it was read, or undefined when nothing does.
 * The clock is left to the API server: only a phase counts here.
 */
export function standing(
  request: ApprovalRequest,
  reviewer: string,
  verdict: Verdict,
  now: number,
): Outcome | undefined {
  const own = request.status.decisions.find(decision => decision.reviewer === reviewer)
  const at = own?.decidedAt ? `, ${when(own.decidedAt, now)}` : ''
  if (own?.verdict === verdict) {
    const since = settlement(request, now)
    const now_ = since ? `; it ${since.text}` : `; ${progress(request)}`
    return { code: EXIT.done, text: `was ${WORDS[verdict].done} by you already${at}${now_}` }
  }
  const settled = settlement(request, now)
  if (settled) return settled
  if (!own) return undefined
  return {
    code: EXIT.settledOtherwise,
    text: `was ${WORDS[own.verdict].done} by you already${at}; a decision is never changed`,
  }
}

/** `1 of 2 approvals; one more approval is needed, by another reviewer`. */
export function progress(request: ApprovalRequest): string {
  const { requiredApprovals } = request.spec
  const got = approvals(request)
  const rejected = request.status.decisions.some(decision => decision.verdict === 'Reject')
  if (rejected || got >= requiredApprovals) return 'the operator has yet to settle it'
  const missing = requiredApprovals - got
  const needed =
    missing === 1
      ? 'one more approval is needed, by another reviewer'
      : `${missing} more approvals are needed, by other reviewers`
  return `${got} of ${requiredApprovals} approvals; ${needed}`
}

/** Whether the decisions that are there settle the request, so that waiting for the operator has an end. */
export const isDecided = (request: ApprovalRequest): boolean =>
  request.status.decisions.some(decision => decision.verdict === 'Reject') ||
  approvals(request) >= request.spec.requiredApprovals

/** What became of a request to which `reviewer` has just added `verdict`. `waitedMs`: how long it was watched. */
export function outcome(
  request: ApprovalRequest,
  reviewer: string,
  verdict: Verdict,
  now: number,
  waitedMs: number,
): Outcome {
  const { phase } = request.status
  const tool = visible(request.spec.tool)
  const { done } = WORDS[verdict]
  const me = visible(reviewer)
  if (phase === 'Approved' && verdict === 'Approve') {
    return { code: EXIT.done, text: `${done} by ${deciders(request, verdict)}; ${tool} will run` }
  }
  if (phase === 'Rejected' && verdict === 'Reject') {
    const effect =
      request.spec.onRejection === 'Continue' ? 'the agent is told why and goes on' : 'the run fails'
    return {
      code: EXIT.done,
      text: `${done} by ${deciders(request, verdict)}; ${tool} will not run and ${effect}`,
    }
  }
  const otherwise = settlement(request, now)
  if (otherwise) return { code: otherwise.code, text: `was ${done} by ${me}, but it ${otherwise.text}` }
  if (!isDecided(request)) return { code: EXIT.done, text: `${done} by ${me}; ${progress(request)}` }
  const waited = waitedMs > 0 ? ` within ${Math.round(waitedMs / 1000)} s` : ''
  return { code: EXIT.done, text: `${done} by ${me}; the operator has not settled it yet${waited}` }
}
