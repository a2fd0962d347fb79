import { z } from 'zod'
import { auditEntry } from '../../../crds/v1alpha1/auditrecord.ts'
import { objectName } from '../../../crds/v1alpha1/common.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import { coversAgent } from '../access/scope.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { forEachObject } from '../lists/list.ts'
import { Newest } from '../lists/newest.ts'
import { decodePosition } from '../lists/position.ts'
import { component } from '../openapi/components.ts'
import { auditQuery, matches } from './filter.ts'

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

/** `.../audit`: the entries, newest first. */
export function auditRoutes(app: App): void {
  app.get(
    '/projects/:ns/audit',
    {
      schema: {
        summary: 'What happened in a project, newest first',
        params: projectParams,
        querystring: auditQuery,
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
