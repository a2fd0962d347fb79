import { z } from 'zod'
import { type ApprovalRequest, requestPhases } from '../../../crds/v1alpha1/approvalrequest.ts'
import { objectName, sha256 } from '../../../crds/v1alpha1/common.ts'
import type { ObjectRef } from '../../../kube/types.ts'
import { checkAccess } from '../access/check.ts'
import { guard } from '../access/guard.ts'
import { readList, readNamed, readOne } from '../cache/read.ts'
import type { Caller } from '../credentials.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { beginWait, callerOf } from '../http/authentication.ts'
import { maxLargeBodyBytes } from '../http/json-body.ts'
import { objectParams, projectParams } from '../http/params.ts'
import { pageQuery } from '../lists/list.ts'
import { component } from '../openapi/components.ts'
import { problemOf } from '../problems/translate.ts'
import { waitUntil } from '../waiting.ts'
import { bulkAnswer, bulkBody, decideAll } from './bulk.ts'
import { decide, type Wish } from './decide.ts'
import { approvalDetail, approvalItem, detailOf, itemOf } from './item.ts'
import { awaitSettlement } from './settlement.ts'
import type { Verdict } from './standing.ts'

const approval = component('Approval', approvalItem)
const detail = component('ApprovalDetail', approvalDetail)
const approvalList = component(
  'ApprovalList',
  z.object({ items: z.array(approvalItem), continue: z.string().optional() }),
)

const maxNames = 100

const listQuery = pageQuery
  .extend({
    phase: z.enum(requestPhases).optional().describe('Only requests in this phase.'),
    agent: objectName.optional().describe('Only requests of this agent.'),
    run: objectName.optional().describe('Only requests of this run.'),
    names: z
      .string()
      .transform(text => text.split(','))
      .pipe(z.array(objectName).max(maxNames))
      .refine(list => new Set(list).size === list.length, 'names a request twice')
      .optional()
      .meta({ type: 'string' })
      .describe(
        `Just these, comma-separated, at most ${maxNames}, in this order; those that are not there are left out.`,
      ),
  })
  .refine(query => query.names === undefined || query.continue === undefined, {
    path: ['continue'],
    message: 'names are answered at once',
  })

const waitQuery = z.strictObject({
  wait: z.coerce
    .number()
    .int()
    .min(0)
    .max(60)
    .default(0)
    .describe('Seconds to wait for the request to leave Pending. The answer is what is true then.'),
})

const text = z
  .string()
  .max(4096)
  .refine(value => value.isWellFormed(), 'is not well-formed text')
const seen = sha256
  .optional()
  .describe('The `callDigest` of the call that you saw: another one that waits under this name is refused.')

const approveBody = component(
  'ApproveRequest',
  z.strictObject({ reason: text.optional().describe('Why.'), callDigest: seen }),
)
// Optional for zod alone: `decide` refuses its absence, the same way for one and for many.
const rejectBody = component(
  'RejectRequest',
  z
    .strictObject({
      reason: text.optional().describe('Why: the agent goes on, or ends, with it.'),
      callDigest: seen,
    })
    .meta({ required: ['reason'] }),
)

/** `.../approvals`: lists, reads and decides requests. */
export function approvalRoutes(app: App, deps: Deps): void {
  const { approvals } = deps.cache
  app.get(
    '/projects/:ns/approvals',
    {
      schema: {
        summary: 'Requests of a project, newest first',
        params: projectParams,
        querystring: listQuery,
        response: { 200: approvalList },
      },
    },
    async request => {
      const { ns } = request.params
      const { phase, agent, run, names, ...page } = request.query
      const filters = { phase, agent, run }
      if (names !== undefined) {
        const found = await readNamed(callerOf(request), approvals, ns, names, filters, agentOf)
        return { items: found.map(itemOf) }
      }
      return await readList(callerOf(request), approvals, ns, filters, page, agentOf, itemOf)
    },
  )

  app.get(
    '/projects/:ns/approvals/:name',
    {
      schema: {
        summary: 'One request; with `wait`, once it has left Pending',
        params: objectParams,
        querystring: waitQuery,
        response: { 200: detail },
      },
    },
    async request => {
      const ref = { namespace: request.params.ns, name: request.params.name }
      const caller = callerOf(request)
      const found = await readOne(caller, approvals, ref, agentOf)
      if (request.query.wait === 0 || isSettled(found)) return detailOf(found)
      beginWait(request, 'LongPoll')
      deps.metrics.longPolls.inc()
      try {
        await waitUntil(approvals, found, {
          clock: deps.clock,
          ms: request.query.wait * 1000,
          signals: [request.signal, deps.stopping],
          done: isSettled,
          guard: lost =>
            guard(
              {
                clock: deps.clock,
                onRightsChange: changed => deps.rights.onChange(ref.namespace, changed),
                check: ageMs =>
                  checkAccess(caller, { verb: 'get', resource: approvals.resource.plural, ...ref }, ageMs),
              },
              lost,
            ),
        })
      } finally {
        deps.metrics.longPolls.dec()
      }
      // The right and the request as they are now, whatever was true as the wait began.
      return detailOf(await readOne(caller, approvals, ref, agentOf))
    },
  )

  const decideOne = (caller: Caller, ref: ObjectRef, wish: Wish) =>
    counted(deps, wish.verdict, () => decide(deps, caller, ref, wish))

  const decideRoute = (path: string, verdict: Verdict, body: typeof approveBody, summary: string) =>
    app.post(
      `/projects/:ns/approvals/:name/${path}`,
      { schema: { summary, params: objectParams, body, response: { 200: approval } } },
      async request => {
        const { ns, name } = request.params
        const caller = callerOf(request)
        const decided = await decideOne(caller, { namespace: ns, name }, { verdict, ...request.body })
        return itemOf(await awaitSettlement(deps, decided))
      },
    )
  decideRoute('approve', 'Approve', approveBody, 'Approves the call that waits')
  decideRoute('reject', 'Reject', rejectBody, 'Rejects the call that waits')

  app.post(
    '/projects/:ns/approvals/decide',
    {
      bodyLimit: maxLargeBodyBytes,
      schema: {
        summary: 'Decides several requests; an answer for each',
        params: projectParams,
        body: bulkBody,
        response: { 200: bulkAnswer },
      },
    },
    async request => {
      const caller = callerOf(request)
      const { ns } = request.params
      // Asked first: a token that is not accepted is one refusal, not one for each entry.
      await caller.person()
      const items = await decideAll(
        request.body.decisions,
        (name, wish) => decideOne(caller, { namespace: ns, name }, wish),
        decided => awaitSettlement(deps, decided),
      )
      return { items }
    },
  )
}

const agentOf = ({ spec }: ApprovalRequest): string => spec.agentRef.name

const isSettled = ({ status }: ApprovalRequest): boolean => status.phase !== 'Pending'

async function counted<T>(deps: Deps, verdict: Verdict, work: () => Promise<T>): Promise<T> {
  const count = (code: number) => deps.metrics.decisions.inc({ verdict, code: String(code) })
  try {
    const result = await work()
    count(200)
    return result
  } catch (error) {
    count(problemOf(error).statusCode)
    throw error
  }
}
