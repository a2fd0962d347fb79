import { z } from 'zod'
import { listMap, rules } from './cel.ts'
import { conditions, principal, secretKeyRef } from './common.ts'
import { gate } from './gate.ts'
import type { Meta } from './meta.ts'

export const roles = ['Owner', 'Admin', 'Member'] as const
export type Role = (typeof roles)[number]

/** A name that may be given rights: no spaces around it, as two names that look the same must be the same. */
const memberName = principal.regex(/^\S([^\r\n\t]*\S)?$/)

export const member = z
  .object({
    user: memberName
      .optional()
      .describe('A user, as the API server authenticates them. Either user or group.'),
    group: memberName
      .optional()
      .describe('A group, as the API server authenticates it. Either user or group.'),
    name: z.string().max(256).optional().describe('Name for people.'),
    email: z
      .string()
      .max(320)
      .regex(/^[^@\s]+@[^@\s]+$/)
      .optional()
      .describe('Where e-mail goes.'),
    role: z
      .enum(roles)
      .describe(
        'Owner: everything. Admin: agents, runs with context, notifications. Member: read, start runs, decide.',
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
    ),
  )
export type Member = z.infer<typeof member>

const agentNames = z.array(z.string().min(1).max(253)).max(256)

export const notifications = z.object({
  email: z
    .object({ enabled: z.boolean().default(true).describe('Whether e-mail is sent.') })
    .optional()
    .describe('E-mail.'),
  inApp: z
    .object({ enabled: z.boolean().default(true).describe('Whether the page tells.') })
    .optional()
    .describe('In the page.'),
  routes: z
    .array(
      z.object({
        agents: agentNames.min(1).describe('Names of agents, or "*" for all.'),
        members: z.array(principal).min(1).max(256).describe('Users or groups that hear of their requests.'),
      }),
    )
    .max(128)
    .optional()
    .describe('Who hears of which agent. Without routes every member hears of every agent.'),
  webhooks: z
    .array(
      z.object({
        name: z.string().min(1).max(63).describe('Name of the webhook.'),
        urlSecretRef: secretKeyRef.describe(
          'Where it is sent: a URL kept in a labelled and annotated Secret.',
        ),
        format: z
          .enum(['Generic', 'Slack', 'Teams', 'PagerDuty'])
          .default('Generic')
          .describe('Form of the message.'),
        signingKeySecretRef: secretKeyRef
          .optional()
          .describe('Key for the HMAC-SHA256 signature of a Generic webhook.'),
        agents: agentNames.optional().describe('Names of agents, or "*"; default all.'),
      }),
    )
    .max(32)
    .optional()
    .describe('Webhooks.')
    .meta(listMap('name')),
})
export type Notifications = z.infer<typeof notifications>

export const projectSpec = z.object({
  members: z
    .array(member)
    .min(1)
    .max(250)
    .describe('Who may do what: each a user or a group, once. At least one Owner.')
    .meta(
      rules(
        {
          rule: "self.exists(m, m.role == 'Owner')",
          message: 'a project needs at least one member with the role Owner',
          reason: 'FieldValueRequired',
        },
        // The one-element list gives the names a name of their own, so that they are worked out once.
        {
          rule: 'self.all(m, self.exists_one(n, has(m.user) ? has(n.user) && m.user == n.user : has(n.group) && m.group == n.group))',
          message: 'each user and each group is a member once, with one role',
          reason: 'FieldValueDuplicate',
        },
      ),
    ),
  approval: z
    .object({ tools: z.array(gate).max(100).default([]).describe('The gates.') })
    .optional()
    .describe("Gates joined to every agent's. Set by Owners; an agent's author cannot weaken them."),
  notifications: notifications.optional().describe('Who hears of which request, and how.'),
})
export type ProjectSpec = z.infer<typeof projectSpec>

export const projectStatus = z.object({
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe('The metadata.generation that this status describes.'),
  conditions: conditions.optional().describe('Ready.'),
})

export interface Project {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: ProjectSpec
  status?: z.infer<typeof projectStatus>
}
