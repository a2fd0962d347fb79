import { z } from 'zod'
import { jsonValue } from './common.ts'

/** An entry of `approval.tools`: which calls a person must countersign. */
export const gate = z.object({
  name: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^*\s]*\*?$/)
    .describe(
      'Full name of a tool, <toolset>.<tool>: order_tools.process_refund. A trailing * matches every tool whose full name begins with what stands before it: order_tools.*, or * for all.',
    ),
  when: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe(
      'Condition under which a call is stopped: param.amount > 1000 and not context.is_admin. param.<name> reads the parameters of the call, context.<name> the context of the run. Operators: == != < <= > >= in, not in, is, is not, and, or, not. Without a condition every call is stopped. A call for which it cannot be evaluated (a missing value, a wrong type) is stopped too.',
    ),
})
export type Gate = z.infer<typeof gate>

/** How a gate came to stop a call. */
export const gateOutcomes = ['Always', 'ConditionTrue', 'ConditionUnknown', 'ToolChanged'] as const

/** A gate that stopped a call, as its ApprovalRequest shows it. */
export const firedGate = z.object({
  name: z.string().min(1).max(256).describe('Name of the gate: a tool, or a prefix with a trailing *.'),
  from: z.enum(['Agent', 'Project']).describe('Whose gate it is.'),
  when: z.string().max(2000).optional().describe('Its condition, if it has one.'),
  outcome: z
    .enum(gateOutcomes)
    .describe(
      'Why the gate stopped the call: it has no condition (Always), its condition holds (ConditionTrue), its condition could not be evaluated (ConditionUnknown), or the tool is not the one that was pinned (ToolChanged).',
    ),
  detail: z
    .string()
    .max(1024)
    .optional()
    .describe('What could not be evaluated, or how the tool changed, for people.'),
  values: z
    .record(z.string().max(512), jsonValue)
    .optional()
    .describe('What the condition read, by accessor (param.amount: 2400).')
    .meta({ override: 'json-object' }),
})
export type FiredGate = z.infer<typeof firedGate>
