import { z } from 'zod'
import { immutable, rules } from './cel.ts'
import { principal, time } from './common.ts'
import type { Meta } from './meta.ts'

export const apiKeySpec = z
  .object({
    project: z.string().min(1).max(63).describe('The project (namespace) that the key is for.'),
    user: principal.describe('The member who acts when the key is used.'),
    name: z.string().min(1).max(128).describe('What the key is for, in words for people.'),
    hash: z
      .string()
      .max(71)
      .regex(/^sha256:[0-9a-f]{64}$/)
      .describe('SHA-256 of the secret part. The key itself is stored nowhere.'),
    expiresAt: time.optional().describe('When the key stops working. Without it never.'),
    readOnly: z.boolean().default(false).describe('Whether the key may only read.'),
    agents: z
      .array(z.string().min(1).max(253))
      .max(256)
      .optional()
      .describe('The agents that the key may be used for. Without it all.'),
  })
  .meta(rules(immutable('a key cannot be changed: revoke it and create another')))

export type APIKeySpec = z.infer<typeof apiKeySpec>

export const apiKeyStatus = z.object({
  lastUsedAt: time.optional().describe('When the key was last used; written at most once a minute.'),
})

export interface APIKey {
  apiVersion?: string
  kind?: string
  metadata: Meta
  spec: APIKeySpec
  status?: z.infer<typeof apiKeyStatus>
}
