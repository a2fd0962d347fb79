import type { APIKey, APIKeySpec } from '../../../crds/v1alpha1/apikey.ts'
import { ANNOTATIONS, API_VERSION, KEY_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import { apiKeys } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { ConnectionError, isConflict, isNotFound } from '../../../kube/errors.ts'
import type { Store } from '../../../kube/store.ts'
import type { Caller } from '../credentials.ts'

/** Where API keys stand. */
export const keyNamespace = 'countersign-system'

/** What writes keys: the gateway as itself, and the cache that its own next read comes from. */
export interface Keeping {
  readonly client: Client
  readonly store: Store<APIKey>
}

/**
 * Stores a new key. It comes with what its record needs: over which path it was made, and a finalizer that holds it
 * until its end is recorded. One that was made with a key is owned by that, and is deleted with it.
 */
export async function storeKey(
  { client, store }: Keeping,
  { via }: Pick<Caller, 'via'>,
  id: string,
  spec: APIKeySpec,
  parent: APIKey | undefined,
): Promise<APIKey> {
  const object: APIKey = {
    metadata: {
      name: id,
      namespace: keyNamespace,
      annotations: { [ANNOTATIONS.createdVia]: via },
      finalizers: [KEY_FINALIZER],
      ...(parent && { ownerReferences: [referenceTo(parent)] }),
    },
    spec,
  }
  try {
    return shown(store, await client.create(apiKeys, object))
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error
    // The answer was lost, and the key may be there: then nothing is.
    const found = await client.find(apiKeys, { name: id, namespace: keyNamespace })
    if (found?.spec.hash !== spec.hash) throw error
    return shown(store, found)
  }
}

const maxAttempts = 5

/**
 * Revokes a key: writes who did it, which is what ends it, and deletes it. Returns false where it is gone already, or
 * somebody else has revoked it.
 */
export async function revokeKey(
  { client, store }: Keeping,
  { username, via }: Pick<Caller, 'username' | 'via'>,
  key: APIKey,
): Promise<boolean> {
  const { name, uid } = key.metadata
  const ref = { name, namespace: keyNamespace }
  const annotations = { [ANNOTATIONS.revokedBy]: username, [ANNOTATIONS.revokedVia]: via }
  let said = false
  try {
    for (let attempt = 1; ; attempt++) {
      const current = await client.get(apiKeys, ref)
      if (current.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined) return false
      const { resourceVersion } = current.metadata
      try {
        const body = { metadata: { uid, resourceVersion, annotations } }
        shown(store, await client.patch(apiKeys, ref, { type: 'merge', body }))
        said = true
        break
      } catch (error) {
        // It was used, which is written down too.
        if (!isConflict(error) || attempt >= maxAttempts) throw error
      }
    }
    await client.delete(apiKeys, ref, uid === undefined ? {} : { uid })
    return true
  } catch (error) {
    // The operator deletes a key that it sees is revoked, and may have been first.
    if (isNotFound(error)) return said
    throw error
  }
}

const referenceTo = ({ metadata: { name, uid = '' } }: APIKey) => ({
  apiVersion: API_VERSION,
  kind: 'APIKey',
  name,
  uid,
})

function shown(store: Store<APIKey>, key: APIKey): APIKey {
  store.wrote(key)
  return key
}
