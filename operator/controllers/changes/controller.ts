import { LABELS } from '../../../crds/v1alpha1/meta.ts'
import { auditRecords } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import { keyOf } from '../../../kube/keys.ts'
import type { KubeObject, ObjectRef, Resource } from '../../../kube/types.ts'
import type { AuditWriter } from '../../audit/writer.ts'
import {
  acceptedIn,
  type Changed,
  type Current,
  changesOf,
  historyOf,
  isRecorded,
  type Seen,
} from './decide.ts'

export interface ChangesDeps {
  readonly client: Client
  readonly audit: AuditWriter
  readonly kind: Changed
  readonly resource: Resource<KubeObject & Current>
  readonly objects: { find(ref: ObjectRef): Current | undefined }
  /** Asks for a look at an object that the records tell of. */
  readonly lookAt: (key: string) => void
  /** Only this namespace; all of them when absent. */
  readonly watchNamespace?: string
}

/** Records that objects of a kind are made, changed and deleted, in the chain of their project. */
export interface Changes {
  reconcile(namespace: string, name: string): Promise<Record<never, never>>
}

/** Name, without a namespace, of a look that only reads the records. */
export const HISTORY = 'history'

/**
 * What was recorded last is in memory; of a process that starts, in the records, which name no spec: what an edit
 * changed that nobody saw is not known, but that it happened is recorded, a deletion among them.
 */
export const createChanges = (deps: ChangesDeps): Changes => {
  const { client, kind } = deps
  const memory = new Map<string, Seen>()
  let reading: Promise<ReadonlySet<string>> | undefined

  const read = async (): Promise<ReadonlySet<string>> => {
    const { items } = await client.listAll(auditRecords, {
      labelSelector: `${LABELS.changes}=true`,
      ...(deps.watchNamespace === undefined ? {} : { namespace: deps.watchNamespace }),
    })
    const byNamespace = Map.groupBy(items, ({ metadata }) => metadata.namespace ?? '')
    const keys = new Set<string>()
    for (const records of byNamespace.values()) {
      const history = historyOf(kind, records)
      for (const key of history.keys) keys.add(key)
      for (const [key, seen] of history.seen) {
        memory.set(key, seen)
        deps.lookAt(key)
      }
    }
    return keys
  }
  const recorded = (): Promise<ReadonlySet<string>> => {
    reading ??= read().catch(error => {
      reading = undefined
      throw error
    })
    return reading
  }

  return {
    reconcile: async (namespace, name) => {
      const keys = await recorded()
      if (namespace === '') return {}
      const key = keyOf({ namespace, name })
      const before = memory.get(key)
      const now = deps.objects.find({ namespace, name })
      // Of what the records tell and the cache does not, the API server is asked: the cache may be behind.
      if (!now && before && (await client.find(deps.resource, { namespace, name }))) return {}
      const same =
        before?.uid === undefined ? !!now && isRecorded(kind, now, keys) : before.uid === now?.metadata.uid
      const entries = changesOf(kind, before, now, same)
      if (entries.length > 0) await deps.audit.append(namespace, entries)
      if (now) {
        const { uid, generation = 0 } = now.metadata
        memory.set(key, { name, uid, generation, spec: now.spec, accepted: acceptedIn(now.metadata) })
      } else memory.delete(key)
      return {}
    },
  }
}
