import { sinceUntil, timeFilters } from '../lists/time-range.ts'
import type { Query } from '../router.ts'

/** The filters of the history, as the address has them. */
export const historyFilters = ['agent', 'tool', 'verdict', 'reviewer', ...timeFilters] as const

export const verdicts = ['Approved', 'Rejected', 'Expired', 'Cancelled'].map(
  verdict => [verdict.toLowerCase(), verdict] as const,
)

/** What the audit log is asked for: how requests ended, and by whom. */
export function historyAsked(filter: Query, now: number): Readonly<Record<string, string | undefined>> {
  const { agent, tool, verdict, reviewer: actor } = filter
  const one = verdicts.filter(([name]) => name === verdict)
  const action = (one.length > 0 ? one : verdicts).map(([, words]) => `Approval${words}`).join(',')
  return { action, agent, tool, actor, ...sinceUntil(filter, now) }
}
