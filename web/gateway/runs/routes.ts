import { z } from 'zod'
import { type AgentRun, runPhases } from '../../../crds/v1alpha1/agentrun.ts'
import { objectName } from '../../../crds/v1alpha1/common.ts'
import { readList, readOne } from '../cache/read.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { maxLargeBodyBytes } from '../http/json-body.ts'
import { objectParams, projectParams } from '../http/params.ts'
import { pageQuery } from '../lists/list.ts'
import { component } from '../openapi/components.ts'
import { invalid } from '../problems/problem.ts'
import { cancelRun } from './cancel.ts'
import { createBody, createRun } from './create.ts'
import { itemOf, runItem } from './item.ts'

const run = component('Run', runItem)
const runList = component('RunList', z.object({ items: z.array(runItem), continue: z.string().optional() }))

const listQuery = pageQuery.extend({
  agent: objectName.optional().describe('Only runs of this agent.'),
  phase: z.enum(runPhases).optional().describe('Only runs in this phase.'),
  continueFrom: objectName.optional().describe('Only runs that go on with the conversation of this run.'),
})

const keyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .describe('The same key and body from the same person leads to the same run: safe to send again.'),
})

/** `.../runs`: starts, lists, reads and cancels runs. */
export function runRoutes(app: App, deps: Deps): void {
  const { runs } = deps.cache
  app.get(
    '/projects/:ns/runs',
    {
      schema: {
        summary: 'Runs of a project, newest first',
        params: projectParams,
        querystring: listQuery,
        response: { 200: runList },
      },
    },
    async request => {
      const { phase, agent, continueFrom, ...page } = request.query
      const filters = { phase, agent, continueFrom }
      return await readList(callerOf(request), runs, request.params.ns, filters, page, agentOf, itemOf)
    },
  )

  app.post(
    '/projects/:ns/runs',
    {
      bodyLimit: maxLargeBodyBytes,
      schema: {
        summary: 'Starts a run',
        params: projectParams,
        headers: keyHeaders,
        body: createBody,
        response: { 201: run },
      },
    },
    async (request, reply) => {
      const { ns } = request.params
      const key = checkedKey(request.headers['idempotency-key'])
      const created = await createRun(callerOf(request), deps.newID, ns, request.body, key)
      runs.store.wrote(created)
      reply.code(201).header('location', `/api/v1/projects/${ns}/runs/${created.metadata.name}`)
      return itemOf(created)
    },
  )

  app.get(
    '/projects/:ns/runs/:name',
    { schema: { summary: 'One run, with its trace', params: objectParams, response: { 200: run } } },
    async request => {
      const { ns, name } = request.params
      return itemOf(await readOne(callerOf(request), runs, { namespace: ns, name }, agentOf))
    },
  )

  app.post(
    '/projects/:ns/runs/:name/cancel',
    {
      schema: {
        summary: 'Asks for the end of a run',
        params: objectParams,
        body: z.strictObject({}),
        response: { 200: run },
      },
    },
    async request => {
      const { ns, name } = request.params
      const cancelled = await cancelRun(callerOf(request), { namespace: ns, name })
      runs.store.wrote(cancelled)
      return itemOf(cancelled)
    },
  )
}

const agentOf = ({ spec }: AgentRun): string => spec.agentRef.name

function checkedKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw invalid([{ path: 'Idempotency-Key', message: 'is not 1 to 255 visible ASCII characters' }])
}
