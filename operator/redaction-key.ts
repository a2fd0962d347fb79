import { randomBytes } from 'node:crypto'
import type { Client } from '../kube/client.ts'
import { isAlreadyExists } from '../kube/errors.ts'
import { type Secret, secrets } from './secret.ts'

/** The Secret in the operator's namespace that holds the key of the digests that stand for redacted values. */
export const REDACTION_KEY_SECRET = 'countersign-redaction-key'

/** Reads the key, 32 random bytes; makes it where there is none yet. */
export const redactionKey = async (client: Client, namespace: string): Promise<Buffer> => {
  const ref = { namespace, name: REDACTION_KEY_SECRET }
  const existing = (await client.find(secrets, ref)) ?? (await makeKey(client, ref))
  const key = Buffer.from(existing.data?.key ?? '', 'base64')
  if (key.length < 32)
    throw new Error(
      `Secret ${namespace}/${ref.name} holds no key of 32 bytes; restore it, or delete it to have a new one made`,
    )
  return key
}

const makeKey = async (client: Client, ref: { namespace: string; name: string }): Promise<Secret> => {
  try {
    return await client.create(secrets, {
      metadata: ref,
      type: 'Opaque',
      immutable: true,
      data: { key: randomBytes(32).toString('base64') },
    })
  } catch (error) {
    // Another operator was faster: its key counts.
    if (!isAlreadyExists(error)) throw error
    return client.get(secrets, ref)
  }
}
