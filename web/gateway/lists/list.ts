import { z } from 'zod'
import type { Client, ListOptions } from '../../../kube/client.ts'
import { isGone } from '../../../kube/errors.ts'
import type { KubeObject, Resource } from '../../../kube/types.ts'
import { Newest, type Page } from './newest.ts'
import { decodePosition } from './position.ts'

/** `limit` and `continue` of a list's query. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Items in one answer.'),
  continue: z
    .string()
    .max(1024)
    .optional()
    .describe('`continue` of the answer before: goes on after its last item, whatever was added since.'),
})

export interface PageQuery {
  readonly limit: number
  readonly continue?: string | undefined
}

const serverPage = 250

/**
 * One page of the objects that the client may list, newest first. The server's pages are read one after the other, and
 * only what may be part of the answer is kept.
 */
export async function listNewest<T extends KubeObject, Item>(
  client: Client,
  resource: Resource<T>,
  options: Pick<ListOptions, 'namespace' | 'fieldSelector' | 'signal'>,
  query: PageQuery,
  item: (object: T) => Item,
): Promise<Page<Item>> {
  const after =
    query.continue === undefined ? undefined : decodePosition(query.continue, ['string', 'string'])
  const choose = () => new Newest<Item>(query.limit, after)
  const chosen = await forEachObject(client, resource, options, choose, (newest, object) => {
    const { creationTimestamp = '', name } = object.metadata
    newest.offer([creationTimestamp, name], () => item(object))
  })
  return chosen.page()
}

/**
 * Shows every object to `visit`, a server's page at a time, with what `begin` made. Begins anew when the server's own
 * continue token expired on the way (half of one snapshot and half of another is no list); the second time asks for all
 * at once.
 */
export async function forEachObject<T extends KubeObject, State>(
  client: Client,
  resource: Resource<T>,
  options: Pick<ListOptions, 'namespace' | 'fieldSelector' | 'signal'>,
  begin: () => State,
  visit: (state: State, object: T) => void,
): Promise<State> {
  for (const limit of [serverPage, serverPage, undefined]) {
    const state = begin()
    try {
      let next: string | undefined
      do {
        const paging = { ...(limit && { limit }), ...(next && { continue: next }) }
        const page = await client.list(resource, { ...options, ...paging })
        for (const object of page.items) visit(state, object)
        next = page.continue
      } while (next)
      return state
    } catch (error) {
      if (!isGone(error) || limit === undefined) throw error
    }
  }
  throw new Error('unreachable: the last attempt returns or throws')
}

/** `status.phase=Pending,spec.agentRef.name=a` of what is defined; undefined when nothing is. */
export function fieldSelector(fields: Readonly<Record<string, string | undefined>>): {
  fieldSelector?: string
} {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return set.length === 0 ? {} : { fieldSelector: set.map(([name, value]) => `${name}=${value}`).join(',') }
}
