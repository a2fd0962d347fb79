import type { Approval, Verdict } from '../../api/types.ts'

/** What the gateway answered to one of several decisions (docs/rest.md, Deciding). */
export interface Answer {
  readonly name: string
  readonly status: number
  readonly approval?: Approval
  readonly problem?: {
    readonly code?: string
    readonly detail?: string
    readonly phase?: string
    readonly decisions?: Approval['decisions']
  }
}

/** Requests that ended alike. */
export interface Group {
  readonly words: string
  /** `Done`: as was wanted. `Over`: nothing is left to decide. `Open`: still there, may be tried again. */
  readonly kind: 'Done' | 'Over' | 'Open'
  readonly names: readonly string[]
}

/** The answers, those that ended alike together; the best first. */
export function groupsOf(answers: readonly Answer[], verdict: Verdict): readonly Group[] {
  const found = new Map<string, { kind: Group['kind']; names: string[] }>()
  for (const answer of answers) {
    const { kind, words } = outcomeOf(answer, verdict)
    const group = found.get(words) ?? { kind, names: [] }
    group.names.push(answer.name)
    found.set(words, group)
  }
  const order = ['Done', 'Over', 'Open']
  return [...found]
    .map(([words, group]) => ({ words, ...group }))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

const done = { Approve: 'approved', Reject: 'rejected' } as const

function outcomeOf(answer: Answer, verdict: Verdict): { kind: Group['kind']; words: string } {
  const { approval, problem, status } = answer
  if (approval !== undefined) {
    const { phase, approvals, requiredApprovals } = approval
    if (phase === (verdict === 'Approve' ? 'Approved' : 'Rejected'))
      return { kind: 'Done', words: done[verdict] }
    if (phase !== 'Pending') return { kind: 'Over', words: `your decision is on record, and yet ${phase}` }
    if (verdict === 'Approve' && approvals < requiredApprovals) {
      return { kind: 'Done', words: 'approved by you, waiting for more approvals' }
    }
    return { kind: 'Done', words: `${done[verdict]} by you, not settled by the operator yet` }
  }
  switch (problem?.code) {
    case 'ApprovalSettled': {
      const [first] = problem.decisions ?? []
      const by = first === undefined ? '' : ` by ${first.reviewer}`
      return { kind: 'Over', words: `already ${(problem.phase ?? 'settled').toLowerCase()}${by}` }
    }
    case 'AlreadyDecided':
      return { kind: 'Over', words: 'you had decided the other way' }
    case 'ApprovalExpired':
      return { kind: 'Over', words: 'expired' }
    case 'NotFound':
      return { kind: 'Over', words: 'not there any more' }
    case 'CallDiffers':
      return { kind: 'Over', words: 'not the call that you saw: another one waits under the name' }
    case 'Forbidden':
      return { kind: 'Open', words: `not decided: ${problem.detail ?? 'you may not'}` }
    default:
      return { kind: 'Open', words: `not decided: ${problem?.detail ?? `the gateway answered ${status}`}` }
  }
}
