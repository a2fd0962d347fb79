import { z } from 'zod'
import type { APIKey, APIKeySpec } from '../../../crds/v1alpha1/apikey.ts'
import { objectName } from '../../../crds/v1alpha1/common.ts'
import { component } from '../openapi/components.ts'
import { problem } from '../problems/problem.ts'

const day = 86_400
/** Seconds that a key works for where nothing is said. */
export const defaultLife = 90 * day
const longestLife = 365 * day

/** Body of `POST .../apikeys`. */
export const keyBody = component(
  'APIKeyRequest',
  z.strictObject({
    name: z
      .string()
      .min(1)
      .max(128)
      .refine(
        value => value.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(value),
        'holds a control character',
      )
      .refine(value => /\S/.test(value), 'is blank')
      .describe('What the key is for, in words for people.'),
    expiresInSeconds: z
      .int()
      .min(60)
      .max(longestLife)
      .default(defaultLife)
      .describe('Seconds that it works for: a minute to a year, 90 days if you say nothing.'),
    readOnly: z.boolean().default(false).describe('Whether it may only read.'),
    agents: z
      .array(objectName)
      .min(1)
      .max(256)
      .refine(list => new Set(list).size === list.length, 'names an agent twice')
      .optional()
      .describe('The agents that it may be used for. Without it all.'),
  }),
)
export type KeyBody = z.infer<typeof keyBody>

/** For whom, where and when a key is made. */
export interface Making {
  readonly user: string
  readonly project: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The key that it is made with, if one is. */
  readonly parent: APIKey | undefined
}

/**
 * What a new key may do: what was asked for, and never more than the key that it is made with. Throws the problem
 * `Forbidden` where it asks for agents that that one has nothing to do with; its time it shares.
 */
export function specOf(
  { name, expiresInSeconds, readOnly, agents }: KeyBody,
  hash: string,
  { user, project, now, parent }: Making,
): APIKeySpec {
  const allowed = agents ?? parent?.spec.agents
  const beyond = allowed?.filter(agent => parent?.spec.agents?.includes(agent) === false) ?? []
  if (beyond.length > 0) {
    throw problem('Forbidden', {
      sentence: `The key that you make this one with is not for ${beyond.join(', ')}. A key never does more than the one it is made with.`,
    })
  }
  const asked = now + expiresInSeconds * 1000
  const latest = parent?.spec.expiresAt === undefined ? asked : Date.parse(parent.spec.expiresAt)
  return {
    project,
    user,
    name,
    hash,
    expiresAt: wholeSeconds(Math.min(asked, latest)),
    readOnly: readOnly || parent?.spec.readOnly === true,
    ...(allowed === undefined ? {} : { agents: allowed }),
  }
}

/** RFC 3339, without a fraction: what is written is what the API server gives back. */
export const wholeSeconds = (ms: number): string =>
  new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
