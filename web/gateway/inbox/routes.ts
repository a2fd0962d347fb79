import { z } from 'zod'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import { time } from '../../../crds/v1alpha1/common.ts'
import { checkAccess } from '../access/check.ts'
import { coversAgent } from '../access/scope.ts'
import { readProject } from '../cache/read.ts'
import type { Caller } from '../credentials.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { component } from '../openapi/components.ts'
import { problem } from '../problems/problem.ts'
import { type Inbox, inboxItem, inboxOf } from './item.ts'
import { clampMark, markText } from './marks.ts'

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(30).describe('Items in the answer.'),
})

const standing = {
  unread: z.int().min(0).describe('How many are unread, those beyond the answer too.'),
  waiting: z.int().min(0).describe('How many of the unread are requests that still wait.'),
  seenUntil: time
    .optional()
    .describe('Up to when you have seen everything. Absent: you have not said so yet, and all is unread.'),
  kept: z
    .boolean()
    .describe(
      'Whether that is kept on the server. Where not, only this replica of the gateway knows it, until it ends.',
    ),
}

const inbox = component('Inbox', z.object({ items: z.array(inboxItem), ...standing }))
export type InboxAnswer = z.infer<typeof inbox>
const seenAnswer = component('Seen', z.object(standing))
export type SeenAnswer = z.infer<typeof seenAnswer>

const seenBody = z.strictObject({
  until: z.iso
    .datetime({ offset: true })
    .max(40)
    .describe(
      '`at` of the newest item that was shown. Never taken back: an earlier one changes nothing. Of the second that is not over yet more may come, so the mark ends before it: `seenUntil` says where.',
    ),
})

const maxSeenBytes = 1024

// API keys and sessions act with no groups, so that the API server need not be asked.
const groupsOf = async (caller: Caller): Promise<readonly string[]> =>
  caller.via === 'Token' ? (await caller.person()).groups : []

/** `.../inbox`: what a person is to hear of in a project, and up to when they have seen it. */
export function inboxRoutes(app: App, { cache, clock, seen }: Pick<Deps, 'cache' | 'clock' | 'seen'>): void {
  const read = async (caller: Caller, ns: string, limit: number): Promise<Inbox> => {
    const [{ spec }, groups] = await Promise.all([
      readProject(caller, cache.projects, ns),
      groupsOf(caller),
      checkAccess(caller, { verb: 'list', resource: cache.approvals.resource.plural, namespace: ns }),
    ])
    cache.approvals.checkLive()
    const covered = cache.approvals.store
      .byIndex('namespace', ns)
      .filter((request: ApprovalRequest) => coversAgent(caller.scope, request.spec.agentRef.name))
    const { username } = caller
    const person = { username, groups }
    return inboxOf(covered, { person, project: spec, seen: seen.of(ns, username) }, limit)
  }
  const seenUntil = ({ username }: Caller, ns: string) => {
    const at = seen.of(ns, username)
    return at === undefined ? {} : { seenUntil: markText(at) }
  }

  app.get(
    '/projects/:ns/inbox',
    {
      schema: {
        summary: 'What you are to hear of, newest first, and what of it you have not seen yet',
        params: projectParams,
        querystring: query,
        response: { 200: inbox },
      },
    },
    async request => {
      const caller = callerOf(request)
      const { ns } = request.params
      const found = await read(caller, ns, request.query.limit)
      return { ...found, ...seenUntil(caller, ns), kept: seen.isKept }
    },
  )

  app.post(
    '/projects/:ns/inbox/seen',
    {
      bodyLimit: maxSeenBytes,
      schema: {
        summary: 'Says up to when you have seen everything, on all your devices',
        params: projectParams,
        body: seenBody,
        response: { 200: seenAnswer },
      },
    },
    async request => {
      const caller = callerOf(request)
      if (caller.scope.agents !== undefined) {
        throw problem('Forbidden', {
          sentence: 'This API key is for some agents only: what you have seen is of the whole project.',
        })
      }
      const { ns } = request.params
      // Whoever may not read the project has seen nothing of it.
      await read(caller, ns, 1)
      const until = clampMark(Date.parse(request.body.until), clock.now())
      const { kept } = await seen.mark(ns, caller.username, until)
      const { unread, waiting } = await read(caller, ns, 1)
      return { unread, waiting, ...seenUntil(caller, ns), kept }
    },
  )
}
