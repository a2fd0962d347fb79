import { z } from 'zod'
import { type APIKey, apiKeySpec, apiKeyStatus } from '../../../crds/v1alpha1/apikey.ts'
import { time } from '../../../crds/v1alpha1/common.ts'
import { namespaceName } from '../http/params.ts'
import { component } from '../openapi/components.ts'
import { parentOf } from './standing.ts'

const spec = apiKeySpec.shape

/** The public part of a key: enough to name it, and worth nothing without its secret. */
export const keyID = z
  .string()
  .regex(/^[a-z0-9]{16}$/)
  .describe('Id of the key: what stands between csk_ and the second underscore.')

/** An APIKey as the REST API shows it. Never its hash. */
export const keyItem = component(
  'APIKey',
  z.object({
    id: keyID,
    name: spec.name,
    project: namespaceName.describe('The project that it is for.'),
    user: spec.user,
    readOnly: spec.readOnly.unwrap().describe('Whether it may only read.'),
    agents: spec.agents,
    createdAt: time.describe('When it was made.'),
    expiresAt: spec.expiresAt,
    lastUsedAt: apiKeyStatus.shape.lastUsedAt,
    madeWith: keyID.optional().describe('Id of the key that it was made with, and ends with.'),
  }),
)
export type KeyItem = z.infer<typeof keyItem>

/** Answer to `POST .../apikeys`. */
export const newKey = component(
  'NewAPIKey',
  keyItem.extend({
    key: z.string().describe('The key itself, `csk_<id>_<secret>`. Shown this once and stored nowhere.'),
  }),
)

export const keyList = component(
  'APIKeyList',
  z.object({ items: z.array(keyItem), continue: z.string().optional() }),
)

/** The item of a key. */
export function itemOf(key: APIKey): KeyItem {
  const { metadata, spec, status } = key
  return {
    id: metadata.name,
    name: spec.name,
    project: spec.project,
    user: spec.user,
    readOnly: spec.readOnly,
    agents: spec.agents,
    createdAt: metadata.creationTimestamp ?? '',
    expiresAt: spec.expiresAt,
    lastUsedAt: status?.lastUsedAt,
    madeWith: parentOf(key)?.name,
  }
}
