/** The parts of the Kubernetes object model that the runtime itself reads. */

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** One entry of `metadata.managedFields`: who last wrote which fields, and when by the server's clock. */
export interface ManagedFields {
  readonly manager?: string
  readonly operation?: 'Apply' | 'Update'
  readonly subresource?: string
  /** RFC 3339, whole seconds. */
  readonly time?: string
}

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFields[]
  generateName?: string
}

export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
}

/** Where a kind is served. `T` is the type of its objects; it exists for the compiler alone. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** `''` for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly _type?: T
}

/** Name and, for a namespaced kind, namespace. */
export interface ObjectRef {
  readonly namespace?: string
  readonly name: string
}

/** `namespace/name`, or `name` for a cluster-scoped object: the key of stores and work queues. */
export type Key = string

export interface KubeList<T extends KubeObject> {
  readonly items: T[]
  readonly resourceVersion: string
  /** Token for the next page; absent on the last one. */
  readonly continue?: string
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

/** Wall clock in milliseconds since the epoch, and timers; handed in so that tests turn it by hand. */
export interface Clock {
  now(): number
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void
}
