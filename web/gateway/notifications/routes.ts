import { z } from 'zod'
import { notifications } from '../../../crds/v1alpha1/project.ts'
import { readProject } from '../cache/read.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { maxLargeBodyBytes } from '../http/json-body.ts'
import { projectParams } from '../http/params.ts'
import { component } from '../openapi/components.ts'
import { invalid, problem } from '../problems/problem.ts'
import { previewRoutes } from './preview-routes.ts'
import { testRoutes } from './test-routes.ts'
import { unknownMembers } from './unknown.ts'
import { notificationsOf, tagOf, writeNotifications } from './write.ts'

const settings = component('Notifications', notifications)
/** `spec.notifications` as the REST API shows it. */
export type Settings = z.infer<typeof settings>

const matchHeaders = z.looseObject({
  'if-match': z
    .string()
    .max(128)
    .optional()
    .describe('The ETag of what you read: if somebody changed the notifications since, nothing is written.'),
})

/** `.../notifications`: who is told of which request, and how. */
export function notificationRoutes(app: App, deps: Deps): void {
  const { cache } = deps
  previewRoutes(app, deps)
  testRoutes(app, deps)
  app.get(
    '/projects/:ns/notifications',
    {
      schema: {
        summary: 'Who is told of which request, and how',
        params: projectParams,
        response: { 200: settings },
      },
    },
    async (request, reply) => {
      const project = await readProject(callerOf(request), cache.projects, request.params.ns)
      reply.header('etag', tagOf(project))
      return notificationsOf(project)
    },
  )

  app.put(
    '/projects/:ns/notifications',
    {
      bodyLimit: maxLargeBodyBytes,
      schema: {
        summary: 'Sets who is told of which request, and how; {} is the default again',
        params: projectParams,
        headers: matchHeaders,
        body: settings,
        response: { 200: settings },
      },
      // Before the schema drops what it does not know.
      preValidation: async request => {
        if (request.body === undefined) {
          throw invalid([{ path: '', message: 'is missing: send the settings, or {} for the default' }])
        }
        sent.set(request, request.body)
      },
    },
    async (request, reply) => {
      const { client, scope } = callerOf(request)
      if (scope.agents !== undefined) {
        throw problem('Forbidden', {
          sentence: 'This API key is for some agents only: notifications are those of the whole project.',
        })
      }
      const unknown = unknownMembers(sent.get(request) ?? {}, request.body)
      if (unknown.length > 0) throw invalid(unknown)
      const expected = request.headers['if-match']
      const project = await writeNotifications(
        client,
        request.params.ns,
        request.body,
        expected === '*' ? undefined : expected,
      )
      cache.projects.store.wrote(project)
      reply.header('etag', tagOf(project))
      return notificationsOf(project)
    },
  )
}

const sent = new WeakMap<object, unknown>()
