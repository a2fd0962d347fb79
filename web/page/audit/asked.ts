import { sinceUntil, timeFilters } from '../lists/time-range.ts'
import type { Query } from '../router.ts'

/** The filters of the audit log, as the address has them. */
export const auditFilters = ['action', 'actor', 'agent', 'tool', ...timeFilters] as const

/** What the gateway is asked for. */
export function auditAsked(filter: Query, now: number): Readonly<Record<string, string | undefined>> {
  const { action, actor, agent, tool } = filter
  return { action, actor, agent, tool, ...sinceUntil(filter, now) }
}
