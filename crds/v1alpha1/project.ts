import { z } from 'zod'
import { listMap, rules } from './cel.ts'
import { conditions, principal, secretKeyRef, time } from './common.ts'
import { gate } from './gate.ts'
import type { Meta } from './meta.ts'

export const roles = ['Owner', 'Admin', 'Member'] as const
export type Role = (typeof roles)[number]

/** One line: it may stand in the header of a mail. */
const line = z.string().regex(/^[^\r\n]*$/)

/** A name that may be given rights: no spaces around it, as two names that look the same must be the same. */
const memberName = principal.regex(/^\S([^\r\n\t]*\S)?$/)

export const member = z
  .object({
    user: memberName
      .optional()
      .describe(
        'Name of a user, as the API server authenticates them. Either user or group. Names of the system (system:...) are refused.',
      ),
    group: memberName
      .optional()
      .describe(
        'Name of a group, as the API server authenticates it. Either user or group. Names of the system (system:...) are refused.',
      ),
    name: line.max(256).optional().describe('Name to show people in place of user or group.'),
    email: z
      .string()
      .max(320)
      .regex(/^[^@\s]+@[^@\s]+$/)
      .optional()
      .describe('Where e-mail goes. Without it the member gets none.'),
    role: z
      .enum(roles)
      .describe(
        'Owner: everything, members and the gates of the project among it. Admin: agents, runs with context, notifications. Member: read all, start runs, decide.',
      ),
  })
  .meta(
    rules(
      { rule: 'has(self.user) != has(self.group)', message: 'set exactly one of user and group' },
      // The gateway may act as whoever a Project names. An Owner who named the operator, the masters of the cluster
      // or everybody would hand it, or themselves, rights that are not theirs to give.
      {
        rule: "!self.?user.orValue('').startsWith('system:') && !self.?group.orValue('').startsWith('system:')",
        message:
          'users and groups of the system (system:...), ServiceAccounts among them, cannot be members: name people and their groups',
        reason: 'FieldValueForbidden',
      },
      // It names nobody to Kubernetes, and everybody to whoever reads it.
      {
        rule: "self.?user.orValue('') != '*' && self.?group.orValue('') != '*'",
        message: '"*" is no user or group: name people and their groups',
        reason: 'FieldValueForbidden',
      },
    ),
  )
export type Member = z.infer<typeof member>

const agentNames = z.array(z.string().min(1).max(253)).max(256)

export const notifications = z.object({
  email: z
    .object({ enabled: z.boolean().default(true).describe('Whether e-mail is sent.') })
    .optional()
    .describe('Whether members are told by e-mail.'),
  inApp: z
    .object({ enabled: z.boolean().default(true).describe('Whether the page tells of requests.') })
    .optional()
    .describe('Whether members are told in the page.'),
  routes: z
    .array(
      z.object({
        agents: agentNames
          .min(1)
          .describe('Names of agents; a trailing * matches a prefix, "*" alone every agent.'),
        members: z
          .array(principal)
          .min(1)
          .max(256)
          .describe(
            'Users or groups that hear of their requests. Who is no member is passed over; where none of them is one, every member hears.',
          ),
      }),
    )
    .max(128)
    .optional()
    .describe(
      'Who hears of which agent: whom any route of it names. Every member hears of an agent that no route names.',
    ),
  webhooks: z
    .array(
      z.object({
        name: z.string().min(1).max(63).describe('Name of the webhook.'),
        urlSecretRef: secretKeyRef.describe(
          'Where it is sent: a URL, kept in a Secret as it often holds a token. The Secret must carry the label countersign.dev/use: "true", and its annotation countersign.dev/hosts must name the host.',
        ),
        format: z
          .enum(['Generic', 'Slack', 'Teams', 'PagerDuty'])
          .default('Generic')
          .describe('Form of the message: plain JSON (Generic), or what the named service understands.'),
        signingKeySecretRef: secretKeyRef
          .optional()
          .describe(
            'Key of the HMAC-SHA256 signature that a Generic webhook carries. The Secret must be labelled and annotated as that of urlSecretRef.',
          ),
        agents: agentNames
          .optional()
          .describe(
            'Names of agents; a trailing * matches a prefix, "*" alone every agent. Without it every agent.',
          ),
      }),
    )
    .max(32)
    .optional()
    .describe('Addresses outside that are told of requests.')
    .meta(listMap('name')),
})
export type Notifications = z.infer<typeof notifications>

export const projectSpec = z.object({
  members: z
    .array(member)
    .min(1)
    .max(100)
    .describe(
      'Who may do what: each a user or a group, named once. At least one is an Owner. More than 100 people come in as groups.',
    )
    .meta(
      rules(
        {
          rule: "self.exists(m, m.role == 'Owner')",
          message: 'a project needs at least one member with the role Owner',
          reason: 'FieldValueRequired',
        },
        // Every member is compared with every other: 0.25 s a write at 100 of them, beyond what CEL may spend at 250.
        {
          rule: 'self.all(m, self.exists_one(n, has(m.user) ? has(n.user) && m.user == n.user : has(n.group) && m.group == n.group))',
          message: 'each user and each group is a member once, with one role',
        },
      ),
    ),
  approval: z
    .object({ tools: z.array(gate).max(100).default([]).describe('The gates: which calls are stopped.') })
    .optional()
    .describe(
      "Gates that hold for every agent of the project, beside the agent's own. Only Owners may set them, so that the author of an agent cannot weaken them.",
    ),
  notifications: notifications
    .optional()
    .describe(
      'Who is told of which request, and how. With nothing set every member gets e-mail and is told in the page.',
    ),
})
export type ProjectSpec = z.infer<typeof projectSpec>

export const projectStatus = z.object({
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe(
      'The metadata.generation that this status describes. Written after the RoleBindings: its members have their rights.',
    ),
  conditions: conditions
    .optional()
    .describe(
      'Ready: every member has the rights of their role. Accepted: the conditions of its gates parse. GatewayActs: API keys and sessions of the page work for every member. NotificationsReady: what its notifications need is there (a mail server, the Secrets of its webhooks).',
    ),
  notificationTest: z
    .object({
      id: z.string().min(1).max(64).describe('That of the annotation countersign.dev/notify-test.'),
      channel: z.enum(['Email', 'Webhook']).describe('How it was sent.'),
      target: z.string().min(1).max(320).describe('A member, or the name of a webhook.'),
      state: z.enum(['Sent', 'Failed']).describe('Whether it was taken.'),
      message: z.string().max(1024).describe('What became of it, for people.'),
      at: time.describe('When it was sent.'),
    })
    .optional()
    .describe(
      'What became of the last test that somebody asked for (kubectl countersign notify-test, or the button of the page).',
    ),
})
export type ProjectStatus = z.infer<typeof projectStatus>

/** Name of the one Project that a namespace may hold. */
export const PROJECT_NAME = 'project'

export interface Project {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: ProjectSpec
  status?: ProjectStatus
}
