import { z } from 'zod'
import { callID } from './approvalrequest.ts'
import { rules, unchanged } from './cel.ts'
import { conditions, jsonObject, objectName, principal, refTo, time } from './common.ts'
import type { Meta } from './meta.ts'

export const agentRunSpec = z
  .object({
    agentRef: refTo('Agent').describe(
      'The agent to run, in the same namespace. Until it is Ready the run stays Pending.',
    ),
    input: z
      .string()
      .min(1)
      .max(65_536)
      .optional()
      .describe('What the agent is asked. Either input or call.'),
    continueFrom: refTo('AgentRun')
      .optional()
      .describe(
        'An ended run of the same agent whose conversation goes on here: input answers what the agent asked last.',
      ),
    context: jsonObject
      .optional()
      .describe(
        'Facts about the run that conditions of gates read as context.<key>: {is_admin: false, customer_id: C-7}. Any JSON object up to 16 KiB. As it can open gates, setting it needs the verb setcontext on agentruns.',
      ),
    call: z
      .object({
        tool: z.string().min(1).max(256).describe('Full name of the tool.'),
        params: jsonObject.describe('Parameters of the call.'),
      })
      .optional()
      .describe(
        'Instead of input: one tool call of an outside agent. It is put to the gates and recorded, not executed here.',
      ),
    requestedBy: principal
      .optional()
      .describe(
        'Who starts the run: the name of whoever creates it, as the API server authenticates them; another name is refused. On Kubernetes 1.36 and newer it is filled in. Where allowSelfApproval is false, nobody may decide requests of a run without it.',
      ),
    cancel: z
      .boolean()
      .default(false)
      .describe(
        'Set to true to end the run: its open requests are cancelled, and no further call is made. It cannot be set back.',
      ),
    ttlSecondsAfterFinished: z
      .int()
      .min(0)
      .max(31_536_000)
      .optional()
      .describe(
        'Seconds after which an ended run is deleted, with its requests and its transcript. Default: never.',
      ),
  })
  .meta(
    rules(
      {
        rule: 'has(self.input) != has(self.call)',
        message: 'set exactly one of input (what the agent is asked) and call (one call of an outside agent)',
      },
      {
        rule: '!has(self.continueFrom) || has(self.input)',
        message: 'continueFrom goes with input: what the conversation goes on with',
        reason: 'FieldValueForbidden',
        fieldPath: '.continueFrom',
      },
      {
        rule: unchanged({
          required: ['agentRef'],
          optional: ['input', 'continueFrom', 'context', 'call', 'requestedBy'],
        }),
        message:
          'a run cannot be changed, but for cancel and ttlSecondsAfterFinished: create another run (continueFrom goes on with this one)',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!oldSelf.cancel || self.cancel',
        message: 'a cancelled run stays cancelled: create another run',
        reason: 'FieldValueForbidden',
        fieldPath: '.cancel',
      },
    ),
  )
export type AgentRunSpec = z.infer<typeof agentRunSpec>

export const runPhases = [
  'Pending',
  'Running',
  'AwaitingApproval',
  'Succeeded',
  'Failed',
  'Cancelled',
] as const
export type RunPhase = (typeof runPhases)[number]

export const callStates = [
  'Pending',
  'AwaitingApproval',
  'Executing',
  'Succeeded',
  'Failed',
  'Rejected',
  'Expired',
  'Cancelled',
  'Unknown',
  'NotExecuted',
] as const
export type CallState = (typeof callStates)[number]

export const failureReasons = [
  'ApprovalRejected',
  'ApprovalExpired',
  'ApprovalCancelled',
  'CallChanged',
  'OutcomeUnknown',
  'ModelError',
  'MaxTurns',
  'MaxRunSeconds',
  'TranscriptTooLarge',
  'AgentDeleted',
  'AuditUnavailable',
] as const
export type FailureReason = (typeof failureReasons)[number]

/** One entry of the trace: an answer of the model, or a tool call. */
export const step = z.object({
  type: z.enum(['Model', 'ToolCall']).describe('An answer of the model, or a tool call.'),
  turn: z.int().min(1).optional().describe('Model: which answer, counted from 1.'),
  at: time.optional().describe('Model: when the answer came.'),
  text: z.string().max(4096).optional().describe('Model: what it said, redacted and cut at 1 KiB.'),
  toolCalls: z.array(callID).max(64).optional().describe('Model: ids of the calls that it asked for.'),
  usage: z
    .object({
      inputTokens: z.int().min(0).optional().describe('Tokens read.'),
      outputTokens: z.int().min(0).optional().describe('Tokens written.'),
    })
    .optional()
    .describe('Model: tokens, as the provider counts them.'),
  durationSeconds: z.number().min(0).optional().describe('How long it took, in seconds.'),
  id: callID.optional().describe('ToolCall: <turn>.<index>.'),
  tool: z.string().max(256).optional().describe('ToolCall: full name of the tool.'),
  params: jsonObject.optional().describe('ToolCall: parameters, redacted and cut at 4 KiB.'),
  state: z.enum(callStates).optional().describe('ToolCall: how far it is. It only moves forward.'),
  approvalRequest: objectName
    .optional()
    .describe('ToolCall: the ApprovalRequest that it waits or waited for.'),
  approval: z
    .object({
      verdict: z.enum(['Approved', 'Rejected', 'Expired', 'Cancelled']).describe('How the request ended.'),
      reviewers: z.array(principal).max(100).describe('Who decided.'),
      waitedSeconds: z.number().min(0).describe('From the request to its verdict, in seconds.'),
      reason: z.string().max(4096).optional().describe('Why, in the words of the reviewer.'),
    })
    .optional()
    .describe('ToolCall: what became of its request.'),
  executor: z
    .string()
    .max(128)
    .optional()
    .describe('ToolCall: the operator process that wrote Executing; no other one may make the call.'),
  startedAt: time.optional().describe('ToolCall: when the tool was called.'),
  finishedAt: time.optional().describe('ToolCall: when its answer came.'),
  result: z.string().max(4096).optional().describe('ToolCall: what it answered, redacted and cut at 1 KiB.'),
})
export type Step = z.infer<typeof step>

export const agentRunStatus = z
  .object({
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('The metadata.generation that this status describes.'),
    phase: z
      .enum(runPhases)
      .default('Pending')
      .describe('Pending, Running or AwaitingApproval; then Succeeded, Failed or Cancelled for ever.'),
    startedAt: time.optional().describe('When the model was first asked.'),
    finishedAt: time.optional().describe('When the run ended.'),
    turns: z.int().min(0).optional().describe('Answers of the model so far.'),
    agentGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('Generation of the Agent that the last turn ran with.'),
    waitedSeconds: z
      .number()
      .min(0)
      .optional()
      .describe(
        'Seconds spent waiting for people in turns that are over; not counted by limits.maxRunSeconds.',
      ),
    steps: z
      .array(step)
      .max(20_000)
      .optional()
      .describe('The trace: the answers of the model and its tool calls, in order. It never gets shorter.'),
    output: z.string().max(16_384).optional().describe("The agent's last words."),
    failure: z
      .object({
        reason: z.enum(failureReasons).describe('Why the run failed, as one word.'),
        message: z.string().max(4096).describe('Why the run failed, for people.'),
      })
      .optional()
      .describe('Set when phase is Failed.'),
    conditions: conditions
      .optional()
      .describe('Complete, Failed and AwaitingApproval, for kubectl wait --for=condition=Complete.'),
  })
  .meta(
    rules(
      {
        rule: "!(oldSelf.phase in ['Succeeded', 'Failed', 'Cancelled']) || self.phase == oldSelf.phase",
        message: 'the run has ended: its phase never changes again',
        reason: 'FieldValueForbidden',
        fieldPath: '.phase',
      },
      // Only the length: comparing the earlier steps one by one costs half a second a write at 120 of them.
      {
        rule: '!has(oldSelf.steps) || (has(self.steps) && size(self.steps) >= size(oldSelf.steps))',
        message: 'the trace never gets shorter: steps are added at its end',
        reason: 'FieldValueForbidden',
        fieldPath: '.steps',
      },
    ),
  )
export type AgentRunStatus = z.infer<typeof agentRunStatus>

export interface AgentRun {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: AgentRunSpec
  status?: AgentRunStatus
}
