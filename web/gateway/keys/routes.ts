import { z } from 'zod'
import { apiKeys } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Clock } from '../../../kube/types.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { projectParams } from '../http/params.ts'
import { pageQuery } from '../lists/list.ts'
import { Newest } from '../lists/newest.ts'
import { decodePosition } from '../lists/position.ts'
import { problem } from '../problems/problem.ts'
import type { KeyCache } from './credentials.ts'
import { itemOf, type KeyItem, keyID, keyList, newKey } from './item.ts'
import { keyNamespace, revokeKey, storeKey } from './keeping.ts'
import { mintKey } from './key.ts'
import { keyAllowance } from './limit.ts'
import { checkNamed, parentFor, reachOf } from './rights.ts'
import { isRevoked } from './standing.ts'
import { keyBody, specOf } from './wanted.ts'

/** What the routes of keys are handed. */
export interface KeyRouteOptions {
  /** The gateway's own. */
  readonly client: Client
  readonly cache: KeyCache
  readonly clock: Clock
  /** Bytes that nobody can guess. */
  readonly randomBytes: (bytes: number) => Uint8Array
}

const keyParams = projectParams.extend({ id: keyID })

/** `.../apikeys`: makes, lists and revokes API keys. */
export function keyRoutes(app: App, options: KeyRouteOptions): void {
  const { client, cache, clock, randomBytes } = options
  const keeping = { client, store: cache.apikeys.store }
  const allowance = keyAllowance(() => cache.apikeys.store.values(), clock)

  app.get(
    '/projects/:ns/apikeys',
    {
      schema: {
        summary: "API keys of a project, newest first: your own, and as an owner everybody's",
        params: projectParams,
        querystring: pageQuery,
        response: { 200: keyList },
      },
    },
    async request => {
      const { limit, continue: token } = request.query
      const mine = await reachOf(callerOf(request), request.params.ns, cache)
      const after = token === undefined ? undefined : decodePosition(token, ['string', 'string'])
      const newest = new Newest<KeyItem>(limit, after)
      for (const key of cache.apikeys.store.values()) {
        const { creationTimestamp = '', name } = key.metadata
        if (mine(key) && !isRevoked(key)) newest.offer([creationTimestamp, name], () => itemOf(key))
      }
      return newest.page()
    },
  )

  app.post(
    '/projects/:ns/apikeys',
    {
      schema: {
        summary: 'Makes an API key for yourself; the answer shows it this once',
        params: projectParams,
        body: keyBody,
        response: { 201: newKey },
      },
    },
    async (request, reply) => {
      const { ns } = request.params
      const caller = callerOf(request)
      await checkNamed(caller, ns, client)
      const parent = parentFor(caller, cache)
      const place = allowance.take(caller.username, ns)
      try {
        const { id, text, hash } = mintKey(randomBytes)
        const making = { user: caller.username, project: ns, now: clock.now(), parent }
        const key = await storeKey(keeping, caller, id, specOf(request.body, hash, making), parent)
        reply.code(201)
        return { ...itemOf(key), key: text }
      } finally {
        place.release()
      }
    },
  )

  app.delete(
    '/projects/:ns/apikeys/:id',
    {
      schema: {
        summary: 'Revokes an API key, and those that were made with it',
        params: keyParams,
        response: { 204: z.void() },
      },
    },
    async (request, reply) => {
      const { ns, id } = request.params
      const caller = callerOf(request)
      const mine = await reachOf(caller, ns, cache)
      // Asked for by name: it may have been made on another replica just now.
      const key = await client.find(apiKeys, { name: id, namespace: keyNamespace })
      const isThere = key !== undefined && mine(key) && (await revokeKey(keeping, caller, key))
      if (!isThere) throw problem('NotFound', { what: `There is no API key ${id} that you could revoke.` })
      return reply.code(204).send()
    },
  )
}
