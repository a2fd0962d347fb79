import { z } from 'zod'
import { callID } from './approvalrequest.ts'
import { immutable, listMap, rules } from './cel.ts'
import { jsonObject, jsonValue, objectName, time } from './common.ts'
import type { Meta } from './meta.ts'

/** Calls that one answer may hold. */
export const MAX_CALLS = 64

/** A tool call as the model asked for it. */
export const turnCall = z.object({
  id: callID.describe('Ours: <turn>.<index>.'),
  providerCallID: z
    .string()
    .max(1024)
    .describe("The provider's own id, sent back to it and used for nothing else."),
  tool: z.string().max(256).describe('Full name of the tool, or the unknown name that the model made up.'),
  params: jsonObject.optional().describe('The real parameters. Absent when the call is refused.'),
  refusal: z
    .string()
    .max(4096)
    .optional()
    .describe(
      'Why the call is not made at all (unknown tool, bad parameters): the error that the model is told.',
    ),
})
export type TurnCall = z.infer<typeof turnCall>

export const agentTurnSpec = z
  .object({
    runRef: z
      .object({
        name: objectName.describe('Name of the AgentRun.'),
        uid: z.string().min(1).max(64).describe('Its UID.'),
      })
      .describe('The run whose turn it is.'),
    turn: z.int().min(1).describe('Which turn, counted from 1.'),
    agentGeneration: z.int().min(0).describe('Generation of the Agent that the model was asked with.'),
    at: time.describe('When the answer came.'),
    durationSeconds: z.number().min(0).describe('How long the model took, in seconds.'),
    text: z.string().max(262_144).optional().describe('What the model said.'),
    finishReason: z.string().max(64).describe('Why the model stopped, in the words of the ai package.'),
    usage: z
      .object({
        inputTokens: z.int().min(0).optional().describe('Tokens read.'),
        outputTokens: z.int().min(0).optional().describe('Tokens written.'),
      })
      .optional()
      .describe('Tokens, as the provider counts them.'),
    calls: z.array(turnCall).max(MAX_CALLS).describe('The tool calls of the answer, in order.'),
    messages: z
      .array(jsonValue)
      .max(256)
      .describe("The provider's answer with its opaque state, sent back as it is on the next turn."),
  })
  .meta(rules(immutable('a turn cannot be changed: it is what the model said')))
export type AgentTurnSpec = z.infer<typeof agentTurnSpec>

/** What became of a call, as the model is told. */
export const turnResult = z
  .object({
    id: callID.describe('Which call.'),
    kind: z.enum(['Result', 'Error', 'NotExecuted', 'Unknown']).describe('What the text is.'),
    text: z.string().max(66_000).describe('What the model is told, cut at 64 KiB with a mark that says so.'),
  })
  .meta(rules(immutable('a result cannot be changed once it is recorded')))
export type TurnResult = z.infer<typeof turnResult>

export const agentTurnStatus = z
  .object({
    results: z
      .array(turnResult)
      .max(64)
      .default([])
      .describe('One entry for each call that ended. Entries are added, never changed.')
      .meta({
        ...listMap('id'),
        ...rules({
          rule: 'oldSelf.all(before, self.exists(now, now.id == before.id))',
          message: 'results are added, never removed',
          reason: 'FieldValueForbidden',
        }),
      }),
    complete: z.boolean().default(false).describe('Whether every call ended. Nothing changes afterwards.'),
  })
  .meta(
    rules({
      rule: '!oldSelf.complete || self == oldSelf',
      message: 'the turn is complete: nothing of its status changes any more',
      reason: 'FieldValueForbidden',
    }),
  )
export type AgentTurnStatus = z.infer<typeof agentTurnStatus>

export interface AgentTurn {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: AgentTurnSpec
  status?: AgentTurnStatus
}
