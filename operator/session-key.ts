import { randomBytes } from 'node:crypto'
import type { Client } from '../kube/client.ts'
import { isAlreadyExists } from '../kube/errors.ts'
import { secrets } from './secret.ts'

/** The Secret in the operator's namespace that holds the key of the gateway's sessions (docs/sessions.md). */
export const SESSION_KEY_SECRET = 'countersign-gateway-session-key'

/**
 * Makes the key, 32 random bytes as `current`, where there is none yet. The operator does so because the gateway may not
 * create Secrets, and has no use for it itself. Not immutable: people change it, and keep the old one as `previous`.
 */
export const makeSessionKey = async (client: Client, namespace: string): Promise<void> => {
  try {
    await client.create(secrets, {
      metadata: { namespace, name: SESSION_KEY_SECRET },
      type: 'Opaque',
      data: { current: randomBytes(32).toString('base64') },
    })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}
