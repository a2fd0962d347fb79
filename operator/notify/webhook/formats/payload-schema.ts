import { z } from 'zod'

/** Names the form of what Generic webhooks carry; it changes when the form does so that a receiver must know. */
export const GENERIC_SCHEMA = 'urn:countersign:notification:v1'

/** `ce-type` of each event. */
export const eventTypes = {
  Requested: 'dev.countersign.approval.requested',
  Reminded: 'dev.countersign.approval.reminded',
  Escalated: 'dev.countersign.approval.escalated',
  Decided: 'dev.countersign.approval.decided',
  Expired: 'dev.countersign.approval.expired',
  Cancelled: 'dev.countersign.approval.cancelled',
} as const

export const TEST_TYPE = 'dev.countersign.test'

const time = z.iso.datetime()
const object = z.looseObject({})

const gate = z.object({
  name: z.string().describe('Name of the gate: a tool, or a prefix with a trailing *.'),
  from: z.enum(['Agent', 'Project']).describe('Whose gate it is.'),
  when: z.string().optional().describe('Its condition, if it has one.'),
  outcome: z
    .enum(['Always', 'ConditionTrue', 'ConditionUnknown', 'ToolChanged'])
    .describe('Why it stopped the call.'),
  detail: z.string().optional().describe('What could not be evaluated, or how the tool changed.'),
  values: object.optional().describe('What the condition read, by accessor.'),
})

const decision = z.object({
  reviewer: z.string().describe('Who decided, as the API server authenticated them.'),
  verdict: z.enum(['Approve', 'Reject']),
  reason: z.string().optional(),
  decidedAt: z.string().optional().describe('When, by the clock of whoever decided.'),
  via: z.enum(['Kubectl', 'Token', 'Web', 'API', 'Slack']).describe('Over which path.'),
})

const approval = z
  .object({
    name: z.string().describe('Name of the ApprovalRequest.'),
    uid: z.string().describe('Its UID: one that is made again under the same name is another one.'),
    agent: z.string(),
    run: z.string(),
    callID: z.string().describe('Which call of the run: <turn>.<index>.'),
    tool: z.string().describe('Full name of the tool.'),
    params: object.describe(
      'The parameters that the tool will be called with. A redacted value is {"$redacted": "hmac-sha256:..."}.',
    ),
    paramsDigest: z.string(),
    callDigest: z.string().describe('What reviewers decide on, in a digest.'),
    gates: z.array(gate).describe('The gates that stopped the call, and why.'),
    message: z.string().optional().describe("What the agent's author tells reviewers."),
    requestedBy: z.string().optional().describe('Who started the run. Absent: unknown.'),
    requiredApprovals: z.int().describe('How many different reviewers must approve.'),
    allowSelfApproval: z.boolean().describe('Whether the person who started the run may decide.'),
    onRejection: z.enum(['Fail', 'Continue']).describe('What a rejection or an expiry does to the run.'),
    requestedAt: time,
    expiresAt: time.describe('When the request expires undecided.'),
    phase: z.enum(['Pending', 'Approved', 'Rejected', 'Expired', 'Cancelled']),
    decisions: z.array(decision).describe('In no order that means anything.'),
    decidedAt: time.optional().describe('When the request was settled.'),
    outcome: z.string().optional().describe('What became of the request, for people.'),
  })
  .describe('The request as it was when this was sent.')

const base = {
  version: z.literal('v1').describe(`The form of this: ${GENERIC_SCHEMA}.`),
  id: z
    .string()
    .describe('As webhook-id and ce-id: the same however often this is sent. Drop what you have seen.'),
  timestamp: time.describe('When what is told happened. It may be sent later, and again.'),
}

const common = {
  project: z.string().describe('Namespace of the project.'),
  url: z.string().optional().describe('Where the page shows it.'),
}

const types = Object.values(eventTypes) as [string, ...string[]]

/** What a webhook of the format Generic is sent. */
export const genericPayload = z
  .union([
    z.object({ type: z.enum(types), ...base, data: z.object({ ...common, approval }) }),
    z.object({
      type: z.literal(TEST_TYPE),
      ...base,
      data: z.object({
        ...common,
        askedBy: z.string().optional().describe('Who asked for the test.'),
        message: z.string(),
      }),
    }),
  ])
  .describe(
    'What a Countersign webhook of the format Generic is sent. Members may be added: ignore those you do not know.',
  )
export type GenericPayload = z.infer<typeof genericPayload>
