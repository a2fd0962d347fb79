import { z } from 'zod'
import { time } from '../../../crds/v1alpha1/common.ts'
import { readProject } from '../cache/read.ts'
import type { Deps } from '../deps.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { namespaceName, projectParams } from '../http/params.ts'
import { component } from '../openapi/components.ts'
import { itemFor, projectItem } from './project.ts'
import { visibleProjects } from './visible.ts'

const me = component(
  'Me',
  z.object({
    username: z.string().describe('Your name, as the API server authenticates it.'),
    groups: z.array(z.string()).describe('Your groups.'),
  }),
)

const projectList = component(
  'ProjectList',
  z.object({
    items: z.array(
      z.object({
        name: namespaceName.describe('The project: its namespace.'),
        createdAt: time.describe('When it was made a project.'),
      }),
    ),
  }),
)

/** `/me`, `/projects` and one of them: who am I, which projects may I see, and what may I do there. */
export function projectRoutes(app: App, deps: Deps): void {
  app.get('/me', { schema: { summary: 'Who am I', response: { 200: me } } }, async request => {
    const { username, groups } = await callerOf(request).person()
    return { username, groups: [...groups] }
  })

  app.get(
    '/projects',
    { schema: { summary: 'Which projects may I see', response: { 200: projectList } } },
    async request => {
      const visible = await visibleProjects(callerOf(request), deps.cache.projects)
      const items = visible.map(({ metadata }) => ({
        name: metadata.namespace ?? '',
        createdAt: metadata.creationTimestamp ?? '',
      }))
      return { items }
    },
  )

  app.get(
    '/projects/:ns',
    {
      schema: {
        summary: 'A project: its members, its gates, and what you may do in it',
        params: projectParams,
        response: { 200: projectItem },
      },
    },
    async request => {
      const caller = callerOf(request)
      return await itemFor(caller, await readProject(caller, deps.cache.projects, request.params.ns))
    },
  )
}
