import { z } from 'zod'
import { objectName } from '../../../crds/v1alpha1/common.ts'
import { notifications } from '../../../crds/v1alpha1/project.ts'
import { readProject } from '../cache/read.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { maxLargeBodyBytes } from '../http/json-body.ts'
import { projectParams } from '../http/params.ts'
import { preview, previewOf } from './preview.ts'
import { notificationsOf } from './write.ts'

/** Each is put to every route: more at once would keep others waiting. */
const maxAgents = 100
const agentNames = z.array(objectName).max(maxAgents)

const asked = z.strictObject({
  agents: z
    .string()
    .max(maxAgents * 254)
    .transform(text => text.split(',').filter(Boolean))
    .pipe(agentNames)
    .optional()
    .describe(`Names of agents, comma-separated, at most ${maxAgents}. They need not exist.`),
})

const wanted = z.strictObject({
  notifications: notifications.describe('The settings to try. Nothing is written.'),
  agents: agentNames.describe(`Names of agents, at most ${maxAgents}. They need not exist.`),
})

/** `.../notifications/preview`: who hears of which agent, by the settings as they are or as they might be. */
export function previewRoutes(app: App, { cache }: Pick<Deps, 'cache'>): void {
  app.get(
    '/projects/:ns/notifications/preview',
    {
      schema: {
        summary: 'Who hears of which agent',
        params: projectParams,
        querystring: asked,
        response: { 200: preview },
      },
    },
    async request => {
      const project = await readProject(callerOf(request), cache.projects, request.params.ns)
      return previewOf(project, notificationsOf(project), request.query.agents ?? [])
    },
  )

  app.post(
    '/projects/:ns/notifications/preview',
    {
      bodyLimit: maxLargeBodyBytes,
      schema: {
        summary: 'Who would hear of which agent, were the settings these; writes nothing',
        params: projectParams,
        body: wanted,
        response: { 200: preview },
      },
    },
    async request => {
      const project = await readProject(callerOf(request), cache.projects, request.params.ns)
      return previewOf(project, request.body.notifications, request.body.agents)
    },
  )
}
