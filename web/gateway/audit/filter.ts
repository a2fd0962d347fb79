import { z } from 'zod'
import { type AuditAction, auditActions } from '../../../crds/v1alpha1/audit-actions.ts'
import type { AuditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { pageQuery } from '../lists/list.ts'
import { isActor, mayBeSeveral } from './actor.ts'

const actionNames = auditActions.join(', ')
const name = z.string().max(320)
const instant = z.iso.datetime({ offset: true }).transform(text => Date.parse(text))

/** What may be asked of the audit log. Every filter narrows what the others leave. */
export const auditQuery = pageQuery.extend({
  action: z
    .string()
    .max(1024)
    .transform(text => text.split(','))
    .pipe(z.array(z.enum(auditActions, `is not one of ${actionNames}`)))
    .optional()
    .meta({ type: 'string' })
    .describe(`Only entries of this action, or of these, comma-separated. One of ${actionNames}.`),
  actor: z.string().max(4096).optional().describe('Only what this person did, alone or with others.'),
  agent: name.optional().describe('Only entries about this agent.'),
  tool: name
    .optional()
    .describe('Only entries about this tool, by its full name; a trailing * matches a prefix.'),
  run: name.optional().describe('Only entries about this run.'),
  approvalRequest: name.optional().describe('Only entries about this request.'),
  since: instant
    .optional()
    .meta({ type: 'string', format: 'date-time' })
    .describe('Only entries recorded at or after this time (RFC 3339).'),
  until: instant
    .optional()
    .meta({ type: 'string', format: 'date-time' })
    .describe('Only entries recorded before this time (RFC 3339).'),
})

/** Which entries are asked for. Absent: whatever it is. */
export interface AuditFilter {
  readonly action?: readonly AuditAction[] | undefined
  readonly actor?: string | undefined
  readonly agent?: string | undefined
  readonly tool?: string | undefined
  readonly run?: string | undefined
  readonly approvalRequest?: string | undefined
  /** Milliseconds since the epoch; inclusive. */
  readonly since?: number | undefined
  /** Milliseconds since the epoch; exclusive. */
  readonly until?: number | undefined
}

/** Whether an entry is asked for. */
export function matches(entry: AuditEntry, filter: AuditFilter): boolean {
  const { action, actor, agent, tool, run, approvalRequest, since, until } = filter
  if (action !== undefined && !action.includes(entry.action)) return false
  if (actor !== undefined && !isActor(entry.actor, mayBeSeveral(entry.action), actor)) return false
  if (agent !== undefined && entry.agent !== agent) return false
  if (tool !== undefined && !isTool(entry.tool, tool)) return false
  if (run !== undefined && entry.run !== run) return false
  if (approvalRequest !== undefined && entry.approvalRequest !== approvalRequest) return false
  const time = Date.parse(entry.time)
  return (since === undefined || time >= since) && (until === undefined || time < until)
}

/** Whether a tool is the one that is meant, or begins as a pattern with a trailing `*` says. */
export function isTool(tool: string | undefined, pattern: string): boolean {
  if (tool === undefined) return false
  return pattern.endsWith('*') ? tool.startsWith(pattern.slice(0, -1)) : tool === pattern
}
