import { z } from 'zod'
import { checkAccess } from '../access/check.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { component } from '../openapi/components.ts'
import { auditQuery } from './filter.ts'
import { auditItem } from './item.ts'
import { readPage, seqOf } from './read.ts'

const auditList = component(
  'AuditList',
  z.object({ items: z.array(auditItem), continue: z.string().optional() }),
)

/** `.../audit`: the entries, newest first. */
export function auditRoutes(app: App, { cache: { audit } }: Pick<Deps, 'cache'>): void {
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
      const { ns: namespace } = request.params
      const { limit, continue: token, ...filter } = request.query
      const caller = callerOf(request)
      seqOf(token)
      const check = async () => {
        await checkAccess(caller, { verb: 'list', resource: audit.resource.plural, namespace })
        audit.checkLive()
      }
      await check()
      const index = await audit.index(namespace)
      const source = { namespace, index, records: audit.records, signal: request.signal }
      const page = await readPage(source, caller.scope, filter, { limit, continue: token })
      // Reading may have taken long: what is answered now is for who may see it now.
      await check()
      return page
    },
  )
}
