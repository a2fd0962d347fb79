import type { Urgency } from './turnstile.ts'
import type { KubeList, KubeObject, ObjectRef, Resource, WatchEvent } from './types.ts'

/** Options that every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** Milliseconds until the call is given up; default 30,000 (watches: none). */
  readonly timeoutMs?: number
  /** Who goes first where more is asked at once than there are connections. Default `Normal`. */
  readonly urgency?: Urgency
}

export interface WriteOptions extends CallOptions {
  /** Ask the server to do everything, admission included, but store nothing. */
  readonly dryRun?: boolean
  readonly fieldManager?: string
}

export interface ListOptions extends CallOptions {
  /** All namespaces when absent. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  /** Seconds after which the server ends the watch. */
  readonly timeoutSeconds?: number
  /** Told when the server has taken the watch: from now on it sends what happens. */
  readonly onOpen?: () => void
}

export type JsonPatchOp =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

export type Patch =
  | { readonly type: 'merge'; readonly body: unknown }
  | { readonly type: 'json'; readonly body: readonly JsonPatchOp[] }
  /** Server-side apply; `force` takes fields over from other managers. */
  | { readonly type: 'apply'; readonly body: unknown; readonly force?: boolean }

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status'
}

export interface DeleteOptions extends WriteOptions {
  readonly uid?: string
  readonly resourceVersion?: string
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}

/** Whom to act as. Group and extra headers are repeated on the wire, never folded. */
export interface Impersonation {
  readonly user: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface RawRequest extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query, `/apis/...`. */
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
}

/**
 * A typed client for one API server. Every method rejects with `ApiError` (errors.ts) when the server refuses
 * and with `ConnectionError` when it could not be asked or its answer never came (a write may then have landed).
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options?: CallOptions): Promise<T>
  /** As `get`, with `undefined` for 404. */
  find<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<T | undefined>
  /** One page. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeList<T>>
  /** All pages, 500 objects each unless `limit` says otherwise. */
  listAll<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeList<T>>
  /** All pages, metadata only: names, labels and annotations without the bodies. */
  listMetadata(resource: Resource, options?: ListOptions): Promise<KubeList<KubeObject>>
  /** One page, metadata only. */
  listMetadataPage(resource: Resource, options?: ListOptions): Promise<KubeList<KubeObject>>
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>
  /** PUT; `metadata.resourceVersion`, when set, must still be current (409 otherwise). */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: PatchOptions): Promise<T>
  patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<T>
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>
  /** One watch connection. Ends when the server ends it; throws `ApiError` 410 for both forms of "expired". */
  watch<T extends KubeObject>(resource: Resource<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>
  /** The parsed JSON answer (or text when it is none) of any path. */
  raw(request: RawRequest): Promise<unknown>
  /** The same server and connections, acting as somebody else. */
  impersonate(as: Impersonation): Client
  /** The same server and connections, with this bearer token and nothing of our own credentials. */
  withToken(token: string): Client
  /** Closes the connections of this client and of those derived from it. */
  close(): Promise<void>
}
