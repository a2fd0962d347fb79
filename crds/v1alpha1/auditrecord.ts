import { z } from 'zod'
import { auditActions } from './audit-actions.ts'
import { immutable, rules } from './cel.ts'
import { jsonObject, sha256, time } from './common.ts'
import { firedGate } from './gate.ts'
import type { Meta } from './meta.ts'

const short = z.string().max(320)

/** One thing that happened. */
export const auditEntry = z.object({
  seq: z.int().min(1).describe('Number of the entry in its project, counted from 1 without gaps.'),
  time: time.describe('When it was recorded.'),
  action: z.enum(auditActions).describe('What happened.'),
  actor: z
    .string()
    .max(4096)
    .optional()
    .describe('Who did it: a user, several separated by ", ", or the operator for what it did by itself.'),
  via: short.optional().describe('Over which path a decision came.'),
  agent: short.optional().describe('The agent.'),
  agentGeneration: z.int().min(0).optional().describe('Its generation.'),
  run: short.optional().describe('The run.'),
  approvalRequest: short.optional().describe('The request.'),
  tool: short.optional().describe('Full name of the tool.'),
  params: jsonObject.optional().describe('Parameters, redacted: exactly those that were shown.'),
  paramsDigest: sha256.optional().describe('SHA-256 of the RFC 8785 form of params.'),
  callDigest: sha256.optional().describe('What the approval is bound to.'),
  gates: z.array(firedGate).max(200).optional().describe('The gates that stopped the call.'),
  context: jsonObject.optional().describe("The run's context, redacted."),
  reason: z.string().max(4096).optional().describe('Why, in the words of who decided.'),
  outcome: z.string().max(1024).optional().describe('How it ended.'),
  object: z
    .object({
      kind: short.describe('Kind of the object.'),
      name: short.describe('Its name.'),
      generation: z.int().min(0).optional().describe('Its generation afterwards.'),
      diff: z.string().max(65_536).optional().describe('What changed.'),
    })
    .optional()
    .describe('For deploys and changes of configuration: what was changed.'),
})
export type AuditEntry = z.infer<typeof auditEntry>

export const auditRecordSpec = z
  .object({
    entries: z.array(auditEntry).min(1).max(100).describe('What happened, in order.'),
    prevHash: sha256.optional().describe('hash of the record before; absent in the first.'),
    hash: sha256.describe('SHA-256 over the RFC 8785 form of {project, entries, prevHash}.'),
  })
  .meta(
    rules(
      immutable('what is recorded cannot be changed'),
      {
        rule: 'has(self.prevHash) == (self.entries[0].seq > 1)',
        message: 'every record but the first names the hash of the one before it (prevHash)',
        fieldPath: '.prevHash',
      },
      {
        rule: 'self.entries[size(self.entries) - 1].seq == self.entries[0].seq + size(self.entries) - 1',
        message: 'entries are numbered one after the other, without gaps',
        fieldPath: '.entries',
      },
    ),
  )
export type AuditRecordSpec = z.infer<typeof auditRecordSpec>

export interface AuditRecord {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: AuditRecordSpec
}
