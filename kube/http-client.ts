import type {
  CallOptions,
  Client,
  DeleteOptions,
  Impersonation,
  ListOptions,
  Patch,
  PatchOptions,
  RawRequest,
  WatchOptions,
  WriteOptions,
} from './client.ts'
import { systemClock } from './clock.ts'
import type { Connection } from './connection.ts'
import { deadline } from './deadline.ts'
import { ApiError, ConnectionError, isGone, isNotFound } from './errors.ts'
import { connectionError, Exchange, type Identity, type WireRequest } from './exchange.ts'
import { impersonationHeaders, isSendableToken } from './impersonation.ts'
import { collectionPath, objectPath, queryString } from './paths.ts'
import { Transport, type TransportLimits } from './transport.ts'
import type { Clock, KubeList, KubeObject, ObjectRef, Resource, WatchEvent } from './types.ts'
import { watchEvents } from './watch-stream.ts'
import { listQuery, namespaceOf, patchTypes, typed, watchQuery, withKind } from './wire.ts'

/** Settings of a client; all have defaults. */
export interface HttpClientOptions extends TransportLimits {
  /** Manager of the fields that writes own, where the call names none. */
  readonly fieldManager?: string
  readonly userAgent?: string
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** Told of every answer (`code` is the HTTP status, or `<error>`), for metrics. */
  readonly onAnswer?: (answer: {
    readonly method: string
    readonly code: string
    readonly seconds: number
  }) => void
}

const defaultTimeoutMs = 30_000
const pageSize = 500
const maxWatchLineBytes = 64 * 1024 * 1024
const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** A client on keep-alive connections to one API server. Opens nothing until it is first used. */
export function createClient(connection: Connection, options: HttpClientOptions = {}): Client {
  const transport = new Transport(connection, options)
  const exchange = new Exchange({
    connection,
    transport,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    userAgent: options.userAgent ?? options.fieldManager ?? 'kube-client',
    onAnswer: options.onAnswer ?? (() => {}),
  })
  return new HttpClient(transport, exchange, options.fieldManager, { headers: [] })
}

class HttpClient implements Client {
  readonly #transport: Transport
  readonly #exchange: Exchange
  readonly #fieldManager: string | undefined
  readonly #identity: Identity

  constructor(
    transport: Transport,
    exchange: Exchange,
    fieldManager: string | undefined,
    identity: Identity,
  ) {
    this.#transport = transport
    this.#exchange = exchange
    this.#fieldManager = fieldManager
    this.#identity = identity
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<T> {
    return (await this.#json({ method: 'GET', path: objectPath(resource, ref) }, options)) as T
  }

  async find<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get(resource, ref, options)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    return await this.#page<T>(resource, options, 'application/json')
  }

  async listAll<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<KubeList<T>> {
    return await this.#pages<T>(resource, options, 'application/json')
  }

  async listMetadata(resource: Resource, options: ListOptions = {}): Promise<KubeList<KubeObject>> {
    return await this.#pages<KubeObject>(resource, options, metadataList)
  }

  async listMetadataPage(resource: Resource, options: ListOptions = {}): Promise<KubeList<KubeObject>> {
    return await this.#page<KubeObject>(resource, options, metadataList)
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = collectionPath(resource, namespaceOf(resource, object)) + this.#writeQuery(options)
    return (await this.#json({ method: 'POST', path, body: typed(resource, object) }, options)) as T
  }

  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: PatchOptions = {},
  ): Promise<T> {
    const path = objectPath(resource, object.metadata, options.subresource) + this.#writeQuery(options)
    return (await this.#json({ method: 'PUT', path, body: typed(resource, object) }, options)) as T
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    const force = patch.type === 'apply' ? { force: patch.force ?? false } : {}
    const path = objectPath(resource, ref, options.subresource) + this.#writeQuery(options, force)
    const body = patch.type === 'apply' ? typed(resource, patch.body as KubeObject) : patch.body
    return (await this.#json(
      { method: 'PATCH', path, body, contentType: patchTypes[patch.type] },
      options,
    )) as T
  }

  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagationPolicy, dryRun } = options
    const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) }
    const body = {
      ...(Object.keys(preconditions).length > 0 && { preconditions }),
      ...(propagationPolicy && { propagationPolicy }),
      ...(dryRun && { dryRun: ['All'] }),
    }
    await this.#json({ method: 'DELETE', path: objectPath(resource, ref), body }, options)
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>, void> {
    const path = collectionPath(resource, options.namespace) + watchQuery(options)
    const request: WireRequest = {
      method: 'GET',
      path,
      timeoutMs: options.timeoutMs ?? 0,
      signal: options.signal,
    }
    if (!this.#transport.beginWatch()) {
      throw new ConnectionError('as many watches are open as this client may hold: raise `watchConnections`')
    }
    const limit = deadline(request)
    try {
      const answer = await this.#exchange.send(request, this.#checkedIdentity(), limit.signal, true)
      options.onOpen?.()
      try {
        yield* watchEvents<T>(answer.body, maxWatchLineBytes)
      } catch (error) {
        limit.signal.throwIfAborted()
        throw connectionError(request, error)
      } finally {
        // Whoever stops reading early leaves a connection with a stream on it: it cannot be used again.
        answer.body.destroy()
      }
    } finally {
      limit.clear()
      this.#transport.endWatch()
    }
  }

  async raw(request: RawRequest): Promise<unknown> {
    const { method, path, body, contentType, accept } = request
    const wire = {
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(accept === undefined ? {} : { accept }),
    }
    return await this.#json(wire, request, 'text allowed')
  }

  impersonate(as: Impersonation): Client {
    const identity = { ...this.#identity, headers: impersonationHeaders(as) }
    return new HttpClient(this.#transport, this.#exchange, this.#fieldManager, identity)
  }

  withToken(token: string): Client {
    return new HttpClient(this.#transport, this.#exchange, this.#fieldManager, { token, headers: [] })
  }

  async close(): Promise<void> {
    await this.#transport.close()
  }

  async #page<T extends KubeObject>(
    resource: Resource,
    options: ListOptions,
    accept: string,
  ): Promise<KubeList<T>> {
    const path = collectionPath(resource, options.namespace) + listQuery(options)
    const answer = (await this.#json({ method: 'GET', path, accept }, options)) as {
      items?: T[]
      metadata?: { resourceVersion?: string; continue?: string }
    }
    for (const item of answer.items ?? []) withKind(resource, item)
    return {
      items: answer.items ?? [],
      resourceVersion: answer.metadata?.resourceVersion ?? '',
      ...(answer.metadata?.continue ? { continue: answer.metadata.continue } : {}),
    }
  }

  async #pages<T extends KubeObject>(
    resource: Resource,
    options: ListOptions,
    accept: string,
  ): Promise<KubeList<T>> {
    // Half of one snapshot and half of another is no list: when a page token expires on the way, begin anew; a second
    // time, ask for everything at once.
    for (const limit of [options.limit ?? pageSize, options.limit ?? pageSize]) {
      try {
        return await this.#allOf<T>(resource, { ...options, limit }, accept)
      } catch (error) {
        if (!isGone(error)) throw error
      }
    }
    const { limit: _limit, ...unpaged } = options
    return await this.#page<T>(resource, unpaged, accept)
  }

  async #allOf<T extends KubeObject>(
    resource: Resource,
    options: ListOptions,
    accept: string,
  ): Promise<KubeList<T>> {
    let page = await this.#page<T>(resource, options, accept)
    const items = page.items
    while (page.continue !== undefined) {
      // A page token stands for a resourceVersion: the server refuses both together.
      const { resourceVersion: _version, ...next } = options
      page = await this.#page<T>(resource, { ...next, continue: page.continue }, accept)
      for (const item of page.items) items.push(item)
    }
    return { items, resourceVersion: page.resourceVersion }
  }

  #writeQuery(options: WriteOptions, more: Readonly<Record<string, boolean>> = {}): string {
    return queryString({
      dryRun: options.dryRun ? 'All' : undefined,
      fieldManager: options.fieldManager ?? this.#fieldManager,
      fieldValidation: 'Strict',
      ...more,
    })
  }

  #checkedIdentity(): Identity {
    const { token } = this.#identity
    if (token !== undefined && !isSendableToken(token)) {
      throw new ApiError(401, 'Unauthorized', 'the bearer token holds characters that no token has')
    }
    return this.#identity
  }

  async #json(
    request: Omit<WireRequest, 'timeoutMs'>,
    options: CallOptions,
    text: 'JSON only' | 'text allowed' = 'JSON only',
  ): Promise<unknown> {
    const wire = {
      ...request,
      timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
      signal: options.signal,
      urgency: options.urgency,
    }
    const limit = deadline(wire)
    try {
      const answer = await this.#exchange.send(wire, this.#checkedIdentity(), limit.signal)
      const body = await answer.body.text()
      try {
        return JSON.parse(body)
      } catch {
        if (text === 'text allowed') return body
        throw new ConnectionError(`${wire.method} ${wire.path.replace(/\?.*$/s, '')}: the answer is not JSON`)
      }
    } catch (error) {
      limit.signal.throwIfAborted()
      throw connectionError(wire, error)
    } finally {
      limit.clear()
    }
  }
}
