import { z } from 'zod'
import { checkAccess } from '../access/check.ts'
import { guard } from '../access/guard.ts'
import type { AccessQuestion } from '../access/question.ts'
import { coversAgent } from '../access/scope.ts'
import type { AuditLog } from '../audit/log.ts'
import type { Caller, Scope } from '../credentials.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { beginWait, callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { markText } from '../inbox/marks.ts'
import { problem } from '../problems/problem.ts'
import { problemOf } from '../problems/translate.ts'
import { eventData } from './event.ts'
import { type AuditTail, follow } from './follow.ts'
import { EventLog } from './log.ts'
import { encodePosition, type Source, sources } from './position.ts'
import { EventStream } from './stream.ts'

const idHeaders = z.looseObject({
  'last-event-id': z
    .string()
    .max(128)
    .optional()
    .describe('`id` of the last event that you have: what happened since comes first.'),
})

/** `.../events`: what happens in a project, as it happens. */
export function eventRoutes(app: App, deps: Deps): void {
  const { cache, clock, metrics, rights, seen, stopping } = deps
  const log = new EventLog({ clock }).follow(cache)

  app.get(
    '/projects/:ns/events',
    {
      // To ask for its headers would open a stream that nobody reads.
      exposeHeadRoute: false,
      schema: {
        summary: 'What happens in a project, as Server-Sent Events',
        params: projectParams,
        headers: idHeaders,
        events: eventData,
      },
    },
    async (request, reply) => {
      const { ns } = request.params
      const caller = callerOf(request)
      beginWait(request, 'EventStream')
      const mine = await watchable(caller, ns, cache)
      const hearsAudit = await caller.may(watchQuestion(ns, cache.audit))
      // Where the audit log is behind, everything else is still told of.
      const kinds = [...mine.map(source => cache[source]), ...(hearsAudit ? [cache.audit] : [])]
      const check = async (ageMs?: number) => {
        await Promise.all(kinds.map(kind => checkWatch(caller, ns, kind, ageMs)))
        for (const source of mine) cache[source].checkLive()
      }
      await check()
      if (log.position() === undefined) throw problem('Behind', {}, { retryAfterSeconds: 1 })
      if (stopping.aborted) throw problem('Unavailable', {}, { retryAfterSeconds: 1 })

      const cleanUp: (() => void)[] = []
      const stream = new EventStream({
        clock,
        onEnd: reason => {
          for (const clean of cleanUp) clean()
          metrics.eventStreams.dec()
          metrics.closedStreams.inc({ reason })
        },
      })
      metrics.eventStreams.inc()
      const stop = () =>
        stream.close('Stopping', 'This gateway is being stopped. Come back with the last id.')
      stopping.addEventListener('abort', stop)
      cleanUp.push(() => stopping.removeEventListener('abort', stop))
      const lost = (error: unknown) => {
        const found = problemOf(error)
        stream.close(found.code, found.message)
      }
      cleanUp.push(guard({ clock, onRightsChange: changed => rights.onChange(ns, changed), check }, lost))
      cleanUp.push(
        follow(stream, {
          log,
          clock,
          namespace: ns,
          lastID: request.headers['last-event-id'],
          concerns: ({ source, event }) => mine.includes(source) && coversAgent(caller.scope, event.agent),
          audit: hearsAudit ? auditTail(cache.audit, ns, caller.scope) : undefined,
        }),
      )
      const tellChanged = () => {
        const position = log.position()
        const event = { type: 'ProjectChanged', project: ns } as const
        if (position !== undefined) stream.send(event, encodePosition(position))
      }
      cleanUp.push(rights.onChange(ns, tellChanged))
      const tellSeen = (at: number) => {
        const position = log.position()
        const event = { type: 'InboxSeen', project: ns, until: markText(at) } as const
        if (position !== undefined) stream.send(event, encodePosition(position))
      }
      // Of now, too: whoever comes back may have seen something elsewhere meanwhile.
      const mark = seen.of(ns, caller.username)
      if (mark !== undefined) tellSeen(mark)
      cleanUp.push(seen.onChange(ns, caller.username, tellSeen))
      // It ended while it began: with a backlog that was too long.
      if (stream.isOver) for (const clean of cleanUp) clean()
      // Proxies that collect answers before they pass them on.
      reply.header('x-accel-buffering', 'no').type('text/event-stream')
      return reply.send(stream)
    },
  )
}

type Kinds = Pick<Deps['cache'], Source>

/** The kinds that the caller may watch. Throws the problem `Forbidden` where there is none. */
async function watchable(caller: Caller, namespace: string, cache: Kinds): Promise<readonly Source[]> {
  const mine: Source[] = []
  let refusal: unknown
  for (const source of sources) {
    try {
      await checkWatch(caller, namespace, cache[source])
      mine.push(source)
    } catch (error) {
      if (problemOf(error).code !== 'Forbidden') throw error
      refusal ??= error
    }
  }
  if (mine.length === 0) throw refusal
  return mine
}

type Watchable = { readonly resource: { readonly plural: string } }

const watchQuestion = (namespace: string, { resource }: Watchable): AccessQuestion => ({
  verb: 'watch',
  resource: resource.plural,
  namespace,
})

const checkWatch = (caller: Caller, namespace: string, kind: Watchable, ageMs?: number) =>
  checkAccess(caller, watchQuestion(namespace, kind), ageMs)

const auditTail = (audit: AuditLog, namespace: string, { agents }: Scope): AuditTail => ({
  last: after => audit.lastSeq(namespace, agents, after),
  onAppended: wake => audit.onAppended(namespace, wake),
})
