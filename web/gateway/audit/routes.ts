import { z } from 'zod'
import { auditActions } from '../../../crds/v1alpha1/audit-actions.ts'
import { type AuditEntry, auditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { objectName } from '../../../crds/v1alpha1/common.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { coversAgent } from '../access/scope.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { forEachObject, pageQuery } from '../lists/list.ts'
import { Newest } from '../lists/newest.ts'
import { decodePosition } from '../lists/position.ts'
import { component } from '../openapi/components.ts'

/** An entry of the audit log, with the name of the AuditRecord that holds it. */
export const auditItem = component(
  'AuditEntry',
  auditEntry.extend({ record: objectName.describe('Name of the AuditRecord that holds the entry.') }),
)
export type AuditItem = z.infer<typeof auditItem>

const auditList = component(
  'AuditList',
  z.object({ items: z.array(auditItem), continue: z.string().optional() }),
)

const listQuery = pageQuery.extend({
  action: z.enum(auditActions).optional().describe('Only entries of this action.'),
  actor: z.string().max(256).optional().describe('Only what this person did, alone or with others.'),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Only entries recorded at or after this time (RFC 3339).'),
})

/** Which entries are asked for. */
export interface AuditFilter {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly since?: string | undefined
}

/** Whether an entry is asked for. Several actors stand in one entry, separated by a comma and a space. */
export function matches(entry: AuditEntry, { action, actor, since }: AuditFilter): boolean {
  if (action !== undefined && entry.action !== action) return false
  if (actor !== undefined && entry.actor !== actor && !entry.actor?.split(', ').includes(actor)) return false
  return since === undefined || Date.parse(entry.time) >= Date.parse(since)
}

/** `.../audit`: the entries, newest first. */
export function auditRoutes(app: App): void {
  app.get(
    '/projects/:ns/audit',
    {
      schema: {
        summary: 'What happened in a project, newest first',
        params: projectParams,
        querystring: listQuery,
        response: { 200: auditList },
      },
    },
    async request => {
      const { limit, continue: token, ...filter } = request.query
      const after = token === undefined ? undefined : decodePosition(token, ['number'])
      const { client, scope } = callerOf(request)
      const newest = await forEachObject(
        client,
        auditRecords,
        { namespace: request.params.ns, signal: request.signal },
        () => new Newest<AuditItem>(limit, after),
        (state, { metadata, spec }) => {
          for (const entry of spec.entries) {
            if (!coversAgent(scope, entry.agent) || !matches(entry, filter)) continue
            state.offer([entry.seq], () => ({ ...entry, record: metadata.name }))
          }
        },
      )
      return newest.page()
    },
  )
}
