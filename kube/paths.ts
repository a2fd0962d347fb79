import type { ObjectRef, Resource } from './types.ts'

/** A value for a path segment. `.` and `..` would change the path, and encoding leaves them as they are. */
function segment(value: string): string {
  if (value === '' || value === '.' || value === '..') {
    throw new TypeError(`not a valid name in a path: ${JSON.stringify(value)}`)
  }
  return encodeURIComponent(value)
}

/** Path of a resource's collection; of all namespaces when none is given. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  if (!resource.namespaced || namespace === undefined) return `${root}/${resource.plural}`
  return `${root}/namespaces/${segment(namespace)}/${resource.plural}`
}

/** Path of one object or of its subresource. Throws `TypeError` when a namespaced object has no namespace. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  if (resource.namespaced && ref.namespace === undefined) {
    throw new TypeError(`a ${resource.kind} is in a namespace: none was given`)
  }
  const path = `${collectionPath(resource, ref.namespace)}/${segment(ref.name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

/** A query string with `?`, of what is defined; empty when nothing is. */
export function queryString(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) query.append(name, String(value))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
