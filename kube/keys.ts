import type { Key, KubeObject, ObjectRef } from './types.ts'

/** `namespace/name`, or `name` where there is no namespace. */
export const keyOf = (ref: ObjectRef): Key =>
  ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`

export const keyOfObject = (object: KubeObject): Key => keyOf(object.metadata)

/** The inverse of `keyOf`: names hold no slash. */
export function refOf(key: Key): ObjectRef {
  const slash = key.indexOf('/')
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The namespace of a key, `''` without one: the usual group of a work queue. */
export const namespaceOfKey = (key: Key): string => refOf(key).namespace ?? ''
