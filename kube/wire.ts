import type { ListOptions, WatchOptions } from './client.ts'
import { queryString } from './paths.ts'
import type { KubeObject, Resource } from './types.ts'

/** Content types of the kinds of patch. */
export const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML: the server takes either under this type, and takes it on all versions.
  apply: 'application/apply-patch+yaml',
} as const

const apiVersionOf = (resource: Resource): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`

/** The object with its apiVersion and kind, which the server wants to see in a body. */
export function typed<T extends KubeObject>(resource: Resource, object: T): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
}

/** Gives an item of a list what built-in kinds leave out of items, as the list says it once. */
export function withKind(resource: Resource, item: KubeObject): void {
  item.apiVersion ??= apiVersionOf(resource)
  item.kind ??= resource.kind
}

/** The namespace to create an object in; throws `TypeError` when a namespaced one names none. */
export function namespaceOf(resource: Resource, object: KubeObject): string | undefined {
  const { namespace } = object.metadata
  if (resource.namespaced && namespace === undefined) {
    throw new TypeError(`a ${resource.kind} is in a namespace: the object names none`)
  }
  return namespace
}

/** The query of one page. */
export function listQuery(options: ListOptions): string {
  return queryString({
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continue,
    resourceVersion: options.resourceVersion,
  })
}

/** Bookmarks are always asked for. */
export function watchQuery(options: WatchOptions): string {
  return queryString({
    watch: true,
    allowWatchBookmarks: true,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
  })
}
