/** The API group and version of every kind here. */
export const GROUP = 'countersign.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}` as const

/** Labels and annotations that mean something to the operator. */
export const LABELS = {
  /** On a Secret: it may be read for a model, a toolset or a webhook. Value `"true"`. */
  use: 'countersign.dev/use',
  /** On an AuditRecord that tells of a change to an Agent or Project: to find these without reading all. Value `"true"`. */
  changes: 'countersign.dev/changes',
} as const

export const ANNOTATIONS = {
  /** On a Secret: comma-separated host names, without ports, that it may be sent to. */
  hosts: 'countersign.dev/hosts',
  /** On an Agent: the `status.toolsHash` whose changed tools somebody who may edit the Agent accepts. */
  acceptTools: 'countersign.dev/accept-tools',
  /** On an Agent or Project: the user who made, or last changed, its spec (the server stamps it from 1.36 on). */
  changedBy: 'countersign.dev/changed-by',
  /** On an Agent: the user who set `acceptTools` to what it is. */
  acceptedBy: 'countersign.dev/accepted-by',
  /**
   * On a Project: a test message that somebody who may edit its notifications wants sent, as `<id> Webhook <name>` or
   * `<id> Email <member>`. The id is theirs, new each time; what became of it stands in `status.notificationTest`.
   */
  notifyTest: 'countersign.dev/notify-test',
  /** On an AuditRecord: short hashes of what its entries record, so that nothing is recorded twice. */
  auditKeys: 'countersign.dev/audit-keys',
  /** On an APIKey, set by the gateway as it creates it: over which path (Token, API, Web) its user made it. */
  createdVia: 'countersign.dev/created-via',
  /** On an APIKey, set by the gateway before it deletes it: the user who revoked it. */
  revokedBy: 'countersign.dev/revoked-by',
  /** On an APIKey, beside `revokedBy`: over which path. */
  revokedVia: 'countersign.dev/revoked-via',
} as const

/** Holds a deleted AgentRun until its open requests are cancelled and recorded. */
export const RUN_FINALIZER = 'countersign.dev/open-requests'

/** Holds a deleted APIKey until its end is recorded; it is there from the creation on (policy). */
export const KEY_FINALIZER = 'countersign.dev/audit'

/** The user extra that only the gateway can give: over which path a person decided. */
export const VIA_EXTRA = 'countersign.dev/via'

/** Object metadata as the API server gives it (the parts that are read here). */
export interface Meta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  /** RFC 3339, whole seconds, by the API server's clock. */
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: {
    readonly apiVersion: string
    readonly kind: string
    readonly name: string
    readonly uid: string
    readonly controller?: boolean
    readonly blockOwnerDeletion?: boolean
  }[]
}

/** Where a kind is served; structurally the `Resource` of kube/. */
export interface ResourceOf<T> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly _type?: T
}
