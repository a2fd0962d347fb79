// The order in which things happened, by the API server's word: one etcd counts every write to every resource.
import type { ApprovalRequest, Decision } from '../../../crds/v1alpha1/approvalrequest.ts'
import { approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'

/** A revision of etcd. */
export type Revision = bigint

/** The revision that the API server is at now: what is written later has a later one. */
export const revisionNow = async (client: Client, namespace: string): Promise<Revision> => {
  const { resourceVersion } = await client.list(approvalRequests, { namespace, limit: 1 })
  return BigInt(resourceVersion)
}

/** A decision, and the very write that the server accepted it with. */
export interface Accepted extends Decision {
  readonly request: string
  readonly at: Revision
}

/** Every version of every request of a namespace, as a watch tells them. */
export interface History {
  /** Names of requests that are pending, the oldest first. */
  open(): readonly string[]
  latest(name: string): ApprovalRequest | undefined
  /** All versions by name, oldest first. */
  versions(): ReadonlyMap<string, readonly ApprovalRequest[]>
  /** Waits until everything that is stored now was seen, and ends the watch. */
  complete(): Promise<void>
}

/** Watches from now on. */
export const startHistory = async (client: Client, namespace: string): Promise<History> => {
  const versions = new Map<string, ApprovalRequest[]>()
  const stop = new AbortController()
  let { resourceVersion } = await client.list(approvalRequests, { namespace })
  let failed: unknown
  let heard = () => {}
  const watching = (async () => {
    while (!stop.signal.aborted) {
      // A watch that ends is begun again where it ended: nothing is missed, nothing told twice.
      for await (const event of client.watch(approvalRequests, {
        namespace,
        resourceVersion,
        signal: stop.signal,
      })) {
        if (event.type === 'BOOKMARK') {
          resourceVersion = event.resourceVersion
          continue
        }
        const { name } = event.object.metadata
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion
        if (event.type === 'DELETED') continue
        versions.set(name, [...(versions.get(name) ?? []), event.object])
        heard()
      }
    }
  })().catch(error => {
    if (!stop.signal.aborted) failed = error
    heard()
  })
  const latest = (name: string) => versions.get(name)?.at(-1)
  return {
    open: () => [...versions.keys()].filter(name => latest(name)?.status.phase === 'Pending'),
    latest,
    versions: () => versions,
    complete: async () => {
      const { items } = await client.listAll(approvalRequests, { namespace })
      const missing = () =>
        items.some(
          ({ metadata }) => latest(metadata.name)?.metadata.resourceVersion !== metadata.resourceVersion,
        )
      while (missing() && failed === undefined) await new Promise<void>(resolve => (heard = resolve))
      stop.abort()
      await watching
      if (failed !== undefined) throw failed
    },
  }
}

/** The decisions of a request in the order in which they were accepted. */
export const acceptedIn = (versions: readonly ApprovalRequest[]): readonly Accepted[] => {
  const accepted: Accepted[] = []
  for (const { metadata, status } of versions) {
    for (const decision of status.decisions) {
      if (accepted.some(({ reviewer }) => reviewer === decision.reviewer)) continue
      accepted.push({ ...decision, request: metadata.name, at: BigInt(metadata.resourceVersion ?? 0) })
    }
  }
  return accepted
}
