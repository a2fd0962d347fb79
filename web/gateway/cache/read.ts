import type { Project } from '../../../crds/v1alpha1/project.ts'
import type { KubeObject } from '../../../kube/types.ts'
import { checkAccess } from '../access/check.ts'
import { checkAgent, coversAgent, notFound } from '../access/scope.ts'
import type { Caller } from '../credentials.ts'
import type { PageQuery } from '../lists/list.ts'
import { Newest, type Page } from '../lists/newest.ts'
import { decodePosition } from '../lists/position.ts'
import { indexValue } from './cache.ts'
import type { CachedKind } from './kind.ts'

/** Whose an object is: what a scope that is narrowed to agents is held against. */
export type AgentOf<T> = (object: T) => string | undefined

/**
 * One object, as the caller may see it. Throws the problems `Forbidden`, `NotFound` (also for an object of an agent that
 * their credential has nothing to do with) and `Behind`, in this order.
 */
export async function readOne<T extends KubeObject>(
  caller: Caller,
  kind: CachedKind<T>,
  ref: { readonly namespace: string; readonly name: string },
  agentOf: AgentOf<T>,
): Promise<T> {
  const { resource, store } = kind
  await checkAccess(caller, { verb: 'get', resource: resource.plural, ...ref })
  kind.checkLive()
  const found = store.find(ref) ?? (await readMissing(caller, kind, ref))
  if (found === undefined) throw notFound(resource, ref.name)
  checkAgent(caller.scope, agentOf(found), resource, ref.name)
  return found
}

/**
 * What somebody else created a moment ago may not have come over the watch yet, and they may ask for it by its name: that
 * it does not exist is the API server's to say.
 */
async function readMissing<T extends KubeObject>(
  { client }: Caller,
  { resource, store }: CachedKind<T>,
  ref: { readonly namespace: string; readonly name: string },
): Promise<T | undefined> {
  const found = await client.find(resource, ref)
  if (found === undefined) return undefined
  store.wrote(found)
  return found
}

/** The Project of a namespace, which is no agent's. As `readOne`. */
export async function readProject(
  caller: Caller,
  kind: CachedKind<Project>,
  namespace: string,
): Promise<Project> {
  const ref = { namespace, name: 'project' }
  await checkAccess(caller, { verb: 'get', resource: kind.resource.plural, ...ref })
  kind.checkLive()
  const found = kind.store.find(ref) ?? (await readMissing(caller, kind, ref))
  if (found === undefined) throw notFound(kind.resource, ref.name)
  return found
}

/** What a list is asked for: indexes of the kind, each with the value that is looked for. */
export type Filters = Readonly<Record<string, string | undefined>>

/** One page of what the caller may list in a namespace, newest first. Throws the problems `Forbidden`, `Behind`, `Invalid`. */
export async function readList<T extends KubeObject, Item>(
  caller: Caller,
  kind: CachedKind<T>,
  namespace: string,
  filters: Filters,
  query: PageQuery,
  agentOf: AgentOf<T>,
  item: (object: T) => Item,
): Promise<Page<Item>> {
  const after =
    query.continue === undefined ? undefined : decodePosition(query.continue, ['string', 'string'])
  await checkAccess(caller, { verb: 'list', resource: kind.resource.plural, namespace })
  kind.checkLive()
  const newest = new Newest<T>(query.limit, after)
  for (const object of matching(kind, namespace, filters)) {
    const { creationTimestamp = '', name } = object.metadata
    if (coversAgent(caller.scope, agentOf(object))) newest.offer([creationTimestamp, name], () => object)
  }
  const { items, ...rest } = newest.page()
  return { items: items.map(item), ...rest }
}

/**
 * Those of these names that the caller may list and that are as asked, in the order of the names; the others are left
 * out. Throws the problems `Forbidden` and `Behind`.
 */
export async function readNamed<T extends KubeObject>(
  caller: Caller,
  kind: CachedKind<T>,
  namespace: string,
  names: readonly string[],
  filters: Filters,
  agentOf: AgentOf<T>,
): Promise<T[]> {
  await checkAccess(caller, { verb: 'list', resource: kind.resource.plural, namespace })
  kind.checkLive()
  const asked = Object.values(filters).some(value => value !== undefined)
  const among = asked ? new Set(matching(kind, namespace, filters)) : undefined
  return names
    .map(name => kind.store.find({ namespace, name }))
    .filter(found => found !== undefined)
    .filter(found => coversAgent(caller.scope, agentOf(found)) && (among?.has(found) ?? true))
}

/** The objects that every index files as asked: the smallest list, held against the others. */
function matching<T extends KubeObject>(
  { store }: CachedKind<T>,
  namespace: string,
  filters: Filters,
): readonly T[] {
  const lists = Object.entries(filters)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([index, value]) => store.byIndex(index, indexValue(namespace, value)))
    .sort((a, b) => a.length - b.length)
  const [smallest, ...others] = lists
  if (smallest === undefined) return store.byIndex('namespace', namespace)
  const sets = others.map(list => new Set(list))
  return smallest.filter(object => sets.every(set => set.has(object)))
}
