import { z } from 'zod'
import { runPhases } from '../../../crds/v1alpha1/agentrun.ts'
import { requestPhases } from '../../../crds/v1alpha1/approvalrequest.ts'
import { objectName, time } from '../../../crds/v1alpha1/common.ts'
import { namespaceName } from '../http/params.ts'
import { component } from '../openapi/components.ts'

const subject = {
  project: namespaceName.describe('The project.'),
  name: objectName.describe('Name of the approval, run or agent that this is about.'),
  agent: objectName.describe('The agent that it belongs to.'),
  at: time.describe('When it happened, or when the gateway heard of it.'),
}

const approvalEvent = z.object({
  type: z
    .enum([
      'ApprovalRequested',
      'ApprovalDecided',
      'ApprovalReminded',
      'ApprovalEscalated',
      'ApprovalSettled',
      'ApprovalDeleted',
    ])
    .describe(
      'Decided: somebody decided and the request still waits. Reminded, Escalated: people were told again, or others, that it waits; once each. Settled: it has left Pending.',
    ),
  ...subject,
  run: objectName.describe('The run that waits.'),
  tool: z.string().describe('The tool that is called.'),
  phase: z.enum(requestPhases).describe('Pending, or how it was settled.'),
  approvals: z.int().describe('How many have approved.'),
  requiredApprovals: z.int().describe('How many must.'),
  expiresAt: time.describe('When it expires undecided.'),
})

const runEvent = z.object({
  type: z.enum(['RunChanged', 'RunDeleted']),
  ...subject,
  run: objectName.describe('The run, as in `name`.'),
  phase: z.enum(runPhases).describe('How far it is.'),
})

const agentEvent = z.object({
  type: z.enum(['AgentChanged', 'AgentDeleted']),
  ...subject,
  ready: z.enum(['True', 'False', 'Unknown']).describe('Whether its runs may go on.'),
  reason: z.string().optional().describe('Why, as one word.'),
})

/** What happens in a project. It holds names only: whoever may read more fetches it. */
export const projectEvent = z.discriminatedUnion('type', [approvalEvent, runEvent, agentEvent])
export type ProjectEvent = z.infer<typeof projectEvent>

const auditEvent = z.object({
  type: z
    .literal('AuditAppended')
    .describe('The audit log has grown; four times a second at most, however much was recorded.'),
  project: subject.project,
  seq: z.int().min(1).describe('Number of the last entry that you may read.'),
  at: subject.at,
})

const changedEvent = z.object({
  type: z
    .literal('ProjectChanged')
    .describe('Members, gates or notifications of the project changed, or the rights that come of them.'),
  project: subject.project,
})

const inboxEvent = z.object({
  type: z
    .literal('InboxSeen')
    .describe('Up to when you have seen everything, here or on another device. Told to you alone.'),
  project: subject.project,
  until: time.describe('As `seenUntil` of the inbox.'),
})

const streamEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('Reset').describe('Something may have been missed: list again what you show.'),
    reason: z.string().describe('Why, for people.'),
  }),
  z.object({
    type: z.literal('Closed').describe('The last event of a stream.'),
    reason: z
      .string()
      .describe(
        'Why: Stopping (come back), TooSlow (come back, and read faster), or the code of a problem, such as Forbidden.',
      ),
    detail: z.string().describe('Why, for people.'),
  }),
])

/** The `data:` of a stream's events. */
export const eventData = component(
  'Event',
  z.union([projectEvent, auditEvent, changedEvent, inboxEvent, streamEvent]),
)
export type EventData = z.infer<typeof eventData>
