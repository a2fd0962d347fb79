// Whether there was a storm: a proof about nothing proves nothing.
import { acceptedIn } from './order.ts'
import type { Evidence } from './proof.ts'

export type Tally = Readonly<Record<string, number>>

/** What happened, counted. */
export const tallyOf = ({
  versions,
  outside,
  attempts,
}: Pick<Evidence, 'versions' | 'outside' | 'attempts'>): Tally => {
  const last = [...versions.values()].map(of => of.at(-1)?.status.phase)
  const accepted = [...versions.values()].flatMap(acceptedIn)
  const cameBack = accepted.filter(({ reviewer, at }) =>
    outside.some(({ who, to }) => who === reviewer && to !== undefined && to < at),
  )
  const taken: Record<string, number> = {}
  for (const attempt of attempts) {
    if (attempt.taken) taken[`taken over ${attempt.path}`] = (taken[`taken over ${attempt.path}`] ?? 0) + 1
  }
  return {
    attempts: attempts.length,
    approved: last.filter(phase => phase === 'Approved').length,
    rejected: last.filter(phase => phase === 'Rejected').length,
    decisions: accepted.length,
    reviewers: new Set(accepted.map(({ reviewer }) => reviewer)).size,
    'times outside': outside.length,
    'tried outside': attempts.filter(attempt => attempt.outside).length,
    'tried to forge': attempts.filter(({ forged }) => forged).length,
    'decisions of those who came back': cameBack.length,
    ...taken,
  }
}

/** Of each of these, so many at least. */
export const ENOUGH: Tally = {
  approved: 5,
  rejected: 1,
  decisions: 50,
  reviewers: 30,
  'times outside': 10,
  'tried outside': 50,
  'tried to forge': 20,
  'decisions of those who came back': 5,
  'taken over kubectl patch': 5,
  'taken over a merge patch': 2,
  'taken over REST': 5,
  'taken over REST, several at once': 5,
  'taken over API key': 5,
}

/** What there is too little of. */
export const missingOf = (tally: Tally): string[] =>
  Object.entries(ENOUGH).flatMap(([what, least]) =>
    (tally[what] ?? 0) < least ? [`${what}: ${tally[what] ?? 0} of ${least}`] : [],
  )
