import { z } from 'zod'
import { time } from '../../../crds/v1alpha1/common.ts'
import { member, type Project, projectSpec } from '../../../crds/v1alpha1/project.ts'
import type { Caller } from '../credentials.ts'
import { namespaceName } from '../http/params.ts'
import { isNamedIn, isSystemName } from '../keys/standing.ts'
import { component } from '../openapi/components.ts'

const { user, group, name, role } = member.shape

const you = z.object({
  username: z.string().describe('Your name, as the API server authenticates it.'),
  decide: z.boolean().describe('Whether you may approve and reject.'),
  startRuns: z.boolean().describe('Whether you may start runs.'),
  setContext: z.boolean().describe('Whether you may start them with a context.'),
  cancelRuns: z.boolean().describe('Whether you may cancel runs.'),
  setNotifications: z.boolean().describe('Whether you may set who is told of what.'),
  makeKeys: z.boolean().describe('Whether you may make API keys.'),
  readAudit: z.boolean().describe('Whether you may read the audit log.'),
})

/** A Project as the REST API shows it. Addresses of members are nobody's business but the mail's. */
export const projectItem = component(
  'Project',
  z.object({
    name: namespaceName.describe('The project: its namespace.'),
    createdAt: time.describe('When it was made a project.'),
    members: z
      .array(z.object({ user, group, name, role }))
      .describe('Its members, as spec.members has them.'),
    approval: projectSpec.shape.approval,
    you: you.describe('What you may do here, with the credential that you sent.'),
  }),
)
export type ProjectItem = z.infer<typeof projectItem>

/** A project as the caller may see it, and what they may do in it: by the API server's reviews, narrowed by their credential. */
export async function itemFor(caller: Caller, project: Project): Promise<ProjectItem> {
  const { metadata, spec } = project
  const namespace = metadata.namespace ?? ''
  const may = (verb: string, resource: string, subresource?: string) =>
    caller.may({ verb, resource, namespace, ...(subresource === undefined ? {} : { subresource }) })
  const [approve, decide, start, setContext, patchRuns, patchProject, readAudit] = await Promise.all([
    may('approve', 'approvalrequests'),
    may('patch', 'approvalrequests', 'status'),
    may('create', 'agentruns'),
    may('setcontext', 'agentruns'),
    may('patch', 'agentruns'),
    may('patch', 'projects'),
    may('list', 'auditrecords'),
  ])
  const { agents, readOnly } = caller.scope
  const writes = !readOnly
  const { username } = caller
  const isPerson = !isSystemName(username)
  return {
    name: namespace,
    createdAt: metadata.creationTimestamp ?? '',
    members: spec.members.map(({ user, group, name, role }) => ({ user, group, name, role })),
    approval: spec.approval,
    you: {
      username,
      decide: writes && isPerson && approve && decide,
      startRuns: writes && start,
      setContext: writes && start && setContext,
      cancelRuns: writes && patchRuns,
      setNotifications: writes && agents === undefined && patchProject,
      makeKeys: writes && isPerson && isNamedIn(project, username),
      readAudit,
    },
  }
}
