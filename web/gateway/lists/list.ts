import { z } from 'zod'
import type { Client, ListOptions } from '../../../kube/client.ts'
import { isGone } from '../../../kube/errors.ts'
import type { KubeObject, Resource } from '../../../kube/types.ts'

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
