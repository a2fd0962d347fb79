// Tries one deed of the table of rights, dry wherever something would be written, and says what came of it.
import type { Who } from '../../crds/admission/rights/actors.ts'
import type { Deed, Form } from '../../crds/admission/rights/deed.ts'
import type { RawRequest } from '../../kube/client.ts'
import { ApiError } from '../../kube/errors.ts'
import type { KubeObject, ObjectRef } from '../../kube/types.ts'
import { isAllowed } from '../testing.ts'
import { foreignRequest } from './foreign.ts'
import { userOf, type World } from './world.ts'

/** `allowed`, `role`, `conflict`, `schema`, or the name of the policy that refuses. */
export async function attempt(world: World, who: Who, deed: Deed, form: Form): Promise<string> {
  try {
    const answer = await send(world, who, deed, form)
    return answer === false ? 'role' : 'allowed'
  } catch (error) {
    if (error instanceof ApiError) return verdictOf(error)
    throw error
  }
}

/** What a refusal of the API server is about. Throws the error where it is neither of those of the table. */
export function verdictOf(error: ApiError): string {
  const policy = /ValidatingAdmissionPolicy '(.*?)' with binding/.exec(error.message)
  if (policy) return policy[1] as string
  // What a dry create of a name that is taken, or a watch from the beginning of time, is told at the very end.
  if (error.reason === 'AlreadyExists' || error.code === 410) return 'allowed'
  if (error.code === 409) return 'conflict'
  if (error.code === 403 && /cannot [\w:-]+ resource|attempting to grant RBAC/.test(error.message))
    return 'role'
  if (error.code === 422) return 'schema'
  throw error
}

const dry = { dryRun: true } as const

async function send(world: World, who: Who, deed: Deed, form: Form): Promise<unknown> {
  const client = world.client(who)
  const namespace = world.namespaces[deed.place]
  if (form === 'request') return client.raw(foreignRequest(world, who, deed))
  if (form === 'question') {
    return isAllowed(client, { namespace, verb: deed.verbs?.[0], resource: deed.resource })
  }
  const kind = world.kinds[deed.on ?? deed.resource]
  if (kind === undefined) throw new Error(`no object of ${deed.resource} to try on`)
  const { resource, stored } = kind
  const ref: ObjectRef = { namespace, name: stored.metadata.name }
  const values = filledIn(deed.set, {
    me: userOf(who, world.namespaces.project),
    via: who.startsWith('gateway for ') ? 'API' : 'Kubectl',
  })
  const collection: RawRequest = {
    method: 'GET',
    path: `/apis/${resource.group}/${resource.version}/namespaces/${namespace}/${resource.plural}`,
  }
  const subresource = deed.subresource && { subresource: deed.subresource }
  if (deed.operation === 'create') {
    const object = set(kind.sample(namespace), values)
    if (form === 'POST') return client.create(resource, object, dry)
    if (form === 'POST with generateName') {
      const { name: _, ...metadata } = object.metadata
      const unnamed = { ...object, metadata: { ...metadata, generateName: 'try-' } as KubeObject['metadata'] }
      return client.create(resource, unnamed, dry)
    }
    const patch = { type: 'apply', body: object, force: form === 'apply' } as const
    return client.patch(resource, { namespace, name: object.metadata.name }, patch, {
      ...dry,
      fieldManager: 'a',
    })
  }
  const change = () => fieldsOf(set(structuredClone(stored), values), values)
  switch (form) {
    case 'get':
      return client.get(resource, ref)
    case 'list':
      return client.raw(collection)
    case 'list as a table':
      return client.raw({ ...collection, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    case 'list of metadata':
      return client.raw({
        ...collection,
        accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      })
    case 'watch':
      // From so long ago that the answer ends at once.
      return client.raw({
        ...collection,
        path: `${collection.path}?watch=true&resourceVersion=1&timeoutSeconds=1`,
      })
    case 'merge patch':
      return client.patch(resource, ref, { type: 'merge', body: change() }, { ...dry, ...subresource })
    case 'JSON patch':
      return client.patch(
        resource,
        ref,
        { type: 'json', body: operations(stored, change()) },
        { ...dry, ...subresource },
      )
    case 'apply':
    case 'apply without force': {
      const { metadata = {}, ...rest } = change()
      const body = {
        apiVersion: stored.apiVersion,
        kind: stored.kind,
        metadata: { ...metadata, ...ref },
        ...rest,
      }
      const patch = { type: 'apply', body, force: form === 'apply' } as const
      return client.patch(resource, ref, patch, { ...dry, ...subresource, fieldManager: 'a' })
    }
    case 'PUT':
      return client.replace(resource, set(structuredClone(stored), values), { ...dry, ...subresource })
    case 'DELETE':
      return client.delete(resource, ref, dry)
    case 'DELETE, orphaning':
      return client.delete(resource, ref, { ...dry, propagationPolicy: 'Orphan' })
    case 'DELETE of all':
      return client.raw({ method: 'DELETE', path: `${collection.path}?dryRun=All` })
    case 'DELETE of a selection':
      return client.raw({
        method: 'DELETE',
        path: `${collection.path}?dryRun=All&fieldSelector=metadata.name%3D${ref.name}`,
      })
  }
  throw new Error(`${form} is no way to ${deed.what}`)
}

type Values = Readonly<Record<string, unknown>>
type Parts = { metadata?: object } & Record<string, unknown>

const filledIn = (values: Values, { me, via }: { me: string; via: string }): Values =>
  JSON.parse(JSON.stringify(values).replaceAll('$me', me).replaceAll('$via', via)) as Values

const steps = (pointer: string): string[] =>
  pointer
    .slice(1)
    .split('/')
    .map(step => step.replaceAll('~1', '/'))

function set<T extends KubeObject>(object: T, values: Values): T {
  for (const [pointer, value] of Object.entries(values)) {
    const path = steps(pointer)
    const last = path.pop() as string
    let parent = object as unknown as Record<string, unknown>
    for (const step of path) {
      parent[step] ??= {}
      parent = parent[step] as Record<string, unknown>
    }
    parent[last] = value
  }
  return object
}

/** The fields of the second level that `values` reach into (`spec.approval`, `metadata.labels`), as they are now. */
function fieldsOf(object: KubeObject, values: Values): Parts {
  const parts: Record<string, Record<string, unknown>> = {}
  for (const pointer of Object.keys(values)) {
    const [part, field] = steps(pointer) as [string, string]
    parts[part] ??= {}
    parts[part][field] = (object as unknown as Record<string, Record<string, unknown>>)[part]?.[field]
  }
  return parts
}

function operations(stored: KubeObject, parts: Parts) {
  return Object.entries(parts).flatMap(([part, fields]) =>
    (stored as unknown as Record<string, unknown>)[part] === undefined
      ? [{ op: 'add' as const, path: `/${part}`, value: fields }]
      : Object.entries(fields as object).map(([field, value]) => ({
          op: 'add' as const,
          path: `/${part}/${field}`,
          value: value as unknown,
        })),
  )
}
