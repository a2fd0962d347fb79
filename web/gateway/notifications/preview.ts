import { z } from 'zod'
import type { Member, Notifications, Project } from '../../../crds/v1alpha1/project.ts'
import { deliveriesOf } from '../../../operator/policy/delivery.ts'
import { namesAgent, recipientsOf } from '../../../operator/policy/routes.ts'
import { component } from '../openapi/components.ts'

const names = z.array(z.string())
const delivery = z.object({
  delivers: z.boolean().describe('Whether messages go out on it as things stand.'),
  message: z.string().describe('What people are to know of it.'),
  problem: z
    .string()
    .optional()
    .describe(
      "What is not ready in this installation, by the Project's condition NotificationsReady. Absent: nothing is known to be wrong.",
    ),
})

/** Who would hear of the requests of agents, by the rule that those who tell them use. */
export const preview = component(
  'NotificationPreview',
  z.object({
    items: z
      .array(
        z.object({
          agent: z.string().describe('The agent.'),
          email: names.describe('Members, users or groups, who are told by e-mail.'),
          inApp: names.describe('Members, users or groups, who are told in the page.'),
          webhooks: names.describe('Names of the webhooks that are called.'),
        }),
      )
      .describe('One for each agent that was asked for, in their order.'),
    withoutAddress: names.describe('Members whom no e-mail can reach: they have no address.'),
    channels: z
      .object({ email: delivery, inApp: delivery, webhooks: delivery })
      .describe('What is delivered in this installation.'),
  }),
)
export type Preview = z.infer<typeof preview>

/** Who of a project would hear of these agents if its notifications were these. */
export function previewOf(
  project: Pick<Project, 'spec' | 'status'>,
  settings: Notifications,
  agents: readonly string[],
): Preview {
  const { members } = project.spec
  const told = (agent: string, channel: 'email' | 'inApp') =>
    recipientsOf(members, settings, agent, channel).map(nameOf)
  return {
    items: agents.map(agent => ({
      agent,
      email: told(agent, 'email'),
      inApp: told(agent, 'inApp'),
      webhooks: (settings.webhooks ?? [])
        .filter(({ agents }) => agents === undefined || namesAgent(agents, agent))
        .map(({ name }) => name),
    })),
    withoutAddress: members.filter(({ email }) => email === undefined).map(nameOf),
    channels: deliveriesOf(project),
  }
}

const nameOf = ({ user, group }: Member): string => user ?? group ?? ''
