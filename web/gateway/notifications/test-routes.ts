import { z } from 'zod'
import { projectStatus } from '../../../crds/v1alpha1/project.ts'
import { testChannels } from '../../../operator/policy/notify-test.ts'
import { checkAccess } from '../access/check.ts'
import { readProject } from '../cache/read.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { beginWait, callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { component } from '../openapi/components.ts'
import { problem } from '../problems/problem.ts'
import { checkTarget, sendTest } from './send-test.ts'

const body = z.strictObject({
  channel: z.enum(testChannels).describe('What is tried.'),
  target: z
    .string()
    .min(1)
    .max(320)
    .regex(/^\S[^\r\n]*$/)
    .describe('Name of a webhook, or of a member (user or group) who has an address.'),
})

const result = component('NotificationTest', projectStatus.shape.notificationTest.unwrap().omit({ id: true }))
export type NotificationTest = z.infer<typeof result>

const maxBytes = 4096

/** `.../notifications/test`: one message, to see whether it arrives. */
export function testRoutes(app: App, deps: Deps): void {
  const { projects } = deps.cache
  app.post(
    '/projects/:ns/notifications/test',
    {
      bodyLimit: maxBytes,
      schema: {
        summary: 'Sends a test message, and answers what became of it',
        params: projectParams,
        body,
        response: { 200: result },
      },
    },
    async request => {
      const caller = callerOf(request)
      const { ns } = request.params
      if (caller.scope.agents !== undefined) {
        throw problem('Forbidden', {
          sentence: 'This API key is for some agents only: notifications are those of the whole project.',
        })
      }
      const project = await readProject(caller, projects, ns)
      const name = project.metadata.name
      const write = { verb: 'patch', resource: projects.resource.plural, namespace: ns, name } as const
      await checkAccess(caller, write)
      checkTarget(project, request.body)
      beginWait(request, 'LongPoll')
      const { id: _, ...found } = await sendTest(deps, caller, ns, request.body, request.signal)
      return found
    },
  )
}
