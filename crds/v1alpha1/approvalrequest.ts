import { z } from 'zod'
import { onRejection } from './agent.ts'
import { immutable, listMap, rules } from './cel.ts'
import { conditions, jsonObject, objectName, principal, refTo, sha256, time } from './common.ts'
import { firedGate } from './gate.ts'
import type { Meta } from './meta.ts'

/** `<turn>.<index>` of a tool call in its run; turns count from 1, indexes from 0. */
export const callID = z
  .string()
  .max(16)
  .regex(/^[0-9]+\.[0-9]+$/)

export const approvalRequestSpec = z
  .object({
    agentRef: refTo('Agent').describe('The agent whose call it is.'),
    runRef: z
      .object({
        name: objectName.describe('Name of the AgentRun.'),
        uid: z
          .string()
          .min(1)
          .max(64)
          .describe('UID of the AgentRun: a run created again under the same name is another one.'),
      })
      .describe('The run that waits.'),
    callID: callID.describe('Which call of the run: <turn>.<index>.'),
    tool: z.string().min(1).max(256).describe('Full name of the tool.'),
    params: jsonObject.describe(
      'The parameters that the tool will be called with. A redacted value reads {"$redacted": "hmac-sha256:..."}.',
    ),
    paramsDigest: sha256.describe('SHA-256 of the RFC 8785 form of params as shown.'),
    callDigest: sha256.describe(
      'SHA-256 over project, run, call, tool, paramsDigest, toolset and schema. Recomputed before the tool is called; if it differs, the call is not made.',
    ),
    gates: z.array(firedGate).min(1).max(200).describe('The gates that stopped the call, and why.'),
    message: z
      .string()
      .max(1024)
      .optional()
      .describe("What the agent's author tells reviewers (spec.approval.message of the Agent)."),
    timeoutSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .describe('Seconds from creation until the request expires undecided.'),
    onRejection: onRejection.describe('What a rejection or an expiry does to the run.'),
    requiredApprovals: z
      .int()
      .min(1)
      .max(10)
      .describe('How many different reviewers must approve. One rejection is enough to reject.'),
    allowSelfApproval: z.boolean().describe('Whether the person who started the run may decide.'),
    requestedBy: principal.optional().describe('Who started the run. Absent: unknown.'),
    remindAfterSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .optional()
      .describe('Seconds after which those who were told are reminded, once. Absent: nobody is.'),
    escalateAfterSeconds: z
      .int()
      .min(30)
      .max(604_800)
      .optional()
      .describe('Seconds after which escalateTo is told, once.'),
    escalateTo: z
      .array(principal)
      .min(1)
      .max(50)
      .optional()
      .describe('Members or groups of the project that are told after escalateAfterSeconds.'),
  })
  .meta(rules(immutable('a request cannot be changed: reviewers decide on exactly this call')))
export type ApprovalRequestSpec = z.infer<typeof approvalRequestSpec>

export const vias = ['Kubectl', 'Token', 'Web', 'API', 'Slack'] as const
export type Via = (typeof vias)[number]

export const decision = z
  .object({
    reviewer: principal.describe('Who decides: their own name as the API server authenticates it.'),
    verdict: z.enum(['Approve', 'Reject']).describe('The decision.'),
    reason: z
      .string()
      .max(4096)
      .optional()
      .describe(
        'Why, in the words of the reviewer. Required to reject: the run ends with it, or the model is told it.',
      ),
    decidedAt: time.optional().describe("When, by the reviewer's clock."),
    via: z
      .enum(vias)
      .describe(
        'Over which path: Kubectl or Token with their own credential; Web, API or Slack through the gateway.',
      ),
  })
  .meta(
    rules({
      rule: "self.verdict != 'Reject' || (has(self.reason) && self.reason.matches('\\\\S'))",
      message: 'a rejection needs a reason: the agent goes on, or ends, with it',
      reason: 'FieldValueRequired',
      fieldPath: '.reason',
    }),
  )
export type Decision = z.infer<typeof decision>

export const notificationEvents = [
  'Requested',
  'Reminded',
  'Escalated',
  'Decided',
  'Expired',
  'Cancelled',
] as const
export type NotificationEvent = (typeof notificationEvents)[number]
export const notificationChannels = ['Email', 'InApp', 'Webhook'] as const
export type NotificationChannel = (typeof notificationChannels)[number]
export const notificationStates = ['Sent', 'Failed', 'Retrying'] as const

export const requestPhases = ['Pending', 'Approved', 'Rejected', 'Expired', 'Cancelled'] as const
export type RequestPhase = (typeof requestPhases)[number]

export const approvalRequestStatus = z
  .object({
    phase: z
      .enum(requestPhases)
      .default('Pending')
      .describe('Pending until decided; Approved, Rejected, Expired or Cancelled for ever after.'),
    requestedAt: time.optional().describe('When the request was made: metadata.creationTimestamp.'),
    expiresAt: time
      .optional()
      .describe('When the request expires undecided: spec.timeoutSeconds after requestedAt.'),
    decisions: z
      .array(decision)
      .max(100)
      .default([])
      .describe(
        'One entry for each reviewer who decided. Entries are added, never changed; each reviewer adds their own, under their own name. Any Reject wins; Approved takes requiredApprovals Approves.',
      )
      .meta(listMap('reviewer')),
    decidedAt: time.optional().describe('When the operator settled the request, with the final phase.'),
    message: z
      .string()
      .max(4096)
      .optional()
      .describe('What became of the request, for people. Written by the operator with the final phase.'),
    notifications: z
      .array(
        z.object({
          event: z
            .enum(notificationEvents)
            .optional()
            .describe(
              'What was told: Requested (a decision is wanted), Reminded, Escalated, or how it ended (Decided, Expired, Cancelled). Absent: Requested.',
            ),
          channel: z.enum(notificationChannels).describe('How somebody was told.'),
          target: z
            .string()
            .min(1)
            .max(320)
            .describe(
              'Who was told: an address (Email; a member without one by their name), a user or group (InApp), the name of a webhook (Webhook).',
            ),
          state: z
            .enum(notificationStates)
            .describe(
              'Sent: whoever takes it on has taken it. Retrying: not yet, and tried (again) while it is of use; lastError says what went wrong. Failed: given up.',
            ),
          attempts: z.int().min(0).optional().describe('How often it was tried.'),
          lastError: z.string().max(1024).optional().describe('Why the last try failed.'),
          at: time.optional().describe('When it was last tried.'),
        }),
      )
      .max(1000)
      .optional()
      .describe('Who was told of the request and of its end, how and when.'),
    conditions: conditions
      .optional()
      .describe(
        'Notified (True: everybody whom it concerns was told that a decision is wanted; False says who was not, and why) and Decided: False while reviewers are waited for (1 of 2 approvals: alice@acme.com), True once the request is settled.',
      ),
  })
  .meta(
    rules(
      {
        rule: "oldSelf.phase == 'Pending' || self.phase == oldSelf.phase",
        message: 'the request is settled: its phase never changes again',
        reason: 'FieldValueForbidden',
        fieldPath: '.phase',
      },
      {
        rule: '!has(oldSelf.decidedAt) || (has(self.decidedAt) && self.decidedAt == oldSelf.decidedAt)',
        message: 'decidedAt is set once, when the request is settled',
        reason: 'FieldValueForbidden',
        fieldPath: '.decidedAt',
      },
      {
        rule: '!has(oldSelf.message) || (has(self.message) && self.message == oldSelf.message)',
        message: 'message is set once, when the request is settled',
        reason: 'FieldValueForbidden',
        fieldPath: '.message',
      },
    ),
  )
export type NotificationEntry = NonNullable<z.infer<typeof approvalRequestStatus>['notifications']>[number]
export type ApprovalRequestStatus = z.infer<typeof approvalRequestStatus>

export interface ApprovalRequest {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: ApprovalRequestSpec
  /** Always there: the schema's default makes a new object Pending. */
  status: ApprovalRequestStatus
}
