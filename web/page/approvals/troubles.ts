import { Refused } from '../api/client.ts'
import type { Approval, Verdict } from '../api/types.ts'

/** What an answer to one's decision says. */
export function wordsFor({ name, phase, approvals, requiredApprovals }: Approval, verdict: Verdict): string {
  if (phase !== 'Pending') return `${name} is ${phase}.`
  if (verdict === 'Approve' && approvals < requiredApprovals) {
    return `You approved ${name}: ${approvals} of ${requiredApprovals} approvals are there.`
  }
  return `Your decision on ${name} is written. The operator has not settled it yet.`
}

/** What a failed decision means, and what to do. */
export function troubleOf(error: Error): string {
  const again =
    'It is not known whether your decision arrived. Decide again: the same decision twice does no harm.'
  if (!(error instanceof Refused)) return `${error.message} ${again}`
  switch (error.status) {
    case 403:
      return `You may not decide this. ${error.message}`
    case 429:
      return `${error.message} Your decision was not taken: wait a moment, then decide again.`
    case 409:
    case 410:
    case 422:
      return error.message
    default:
      return error.status >= 500 ? `${error.message} ${again}` : error.message
  }
}

/** Who settled it and how, where somebody else did while one was writing. */
export function overtakenBy({ phase, decisions }: Approval): string {
  const [first] = decisions.toReversed()
  if (phase === 'Expired') return 'Its time ran out'
  if (phase === 'Cancelled') return 'It was cancelled'
  if (first === undefined) return `It became ${phase}`
  return `${first.reviewer} ${first.verdict === 'Approve' ? 'approved' : 'rejected'} it`
}
