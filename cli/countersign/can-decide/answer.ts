import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { isUndecidable } from '../../../operator/policy/decisions.ts'
import { isDecided, settlement } from '../../decide/judge.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import type { Refusal } from '../../kubectl/refusal.ts'
import type { Person } from '../../requests/person.ts'
import type { Result } from '../../requests/read.ts'
import { when } from '../../text/duration.ts'
import { isNoPerson } from '../whoami/standing.ts'

/** Why somebody may not decide. */
export type Reason =
  | 'AlreadyDecided'
  | 'Settled'
  | 'Expired'
  | 'SelfApproval'
  | 'StarterUnknown'
  | 'NotAPerson'
  | 'NoRight'
  | 'Refused'

/** Whether the person may decide. `text` goes on after `Yes` or `No: `, without a full stop. */
export type Answer =
  | { readonly may: true; readonly code: typeof EXIT.done; readonly text?: string }
  | { readonly may: false; readonly code: ExitCode; readonly reason: Reason; readonly text: string }

const no = (reason: Reason, code: ExitCode, text: string): Answer => ({ may: false, reason, code, text })
const plain = (sentence: string): string => sentence.replace(/\.$/, '')

/** What the request itself answers, before the API server is asked: it is settled, or the person has decided. */
export function answerFromRequest(request: ApprovalRequest, person: Person, now: number): Answer | undefined {
  const own = request.status.decisions.find(({ reviewer }) => reviewer === person.name)
  const settled = settlement(request, now)
  if (own) {
    const done = own.verdict === 'Approve' ? 'approved' : 'rejected'
    const at = own.decidedAt === undefined ? '' : `, ${when(own.decidedAt, now)}`
    const since = settled ? `; it ${plain(settled.text)}` : ''
    return no('AlreadyDecided', EXIT.settledOtherwise, `you have ${done} it already${at}${since}`)
  }
  if (!settled) return undefined
  return no(
    request.status.phase === 'Expired' ? 'Expired' : 'Settled',
    settled.code,
    `it ${plain(settled.text)}`,
  )
}

/**
 * What the API server answered when the decision was tried. Its sentence is the truth, and is said as it is; the
 * reason is what explains it.
 */
export function answerFromTrial(
  request: ApprovalRequest,
  person: Person,
  tried: Result<unknown>,
): Answer | { readonly failed: Refusal } {
  if (tried.kind === 'Ok') {
    const late = isDecided(request)
      ? 'though it has all that it takes, and is about to be settled'
      : undefined
    return { may: true, code: EXIT.done, ...(late === undefined ? {} : { text: late }) }
  }
  const { refusal } = tried
  const said = plain(refusal.message)
  if (refusal.kind === 'Expired') return no('Expired', EXIT.expired, said)
  if (refusal.kind !== 'Forbidden' && refusal.kind !== 'Denied') return { failed: refusal }
  const because = (reason: Reason): Answer => no(reason, EXIT.forbidden, said)
  // In the order in which the API server asks: RBAC, then the policy's rules.
  if (refusal.kind === 'Forbidden') return because('NoRight')
  if (isNoPerson(person)) return because('NotAPerson')
  if (/^you may not decide here/.test(said)) return because('NoRight')
  if (isUndecidable(request.spec)) return because('StarterUnknown')
  if (!request.spec.allowSelfApproval && request.spec.requestedBy === person.name)
    return because('SelfApproval')
  return because('Refused')
}
