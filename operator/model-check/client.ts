import type { Client } from '../../kube/client.ts'
import { ApiError, ConnectionError } from '../../kube/errors.ts'
import type { KubeList, KubeObject, ObjectRef, Resource } from '../../kube/types.ts'
import type { Pool } from './pool.ts'
import type { Answer, Op } from './server.ts'

/** How a process reaches the API server: whoever explores decides when, and what becomes of it. */
export type Send = (op: Op) => Promise<Answer>

/** The client that the real controllers get: each request is one `send`. What they never ask for is not there. */
export const modelClient = (pool: Pool, send: Send): Client => {
  const ask = async <T extends KubeObject>(op: Op): Promise<T | undefined> => {
    const answer = await send(op)
    if (answer === 'Lost') throw new ConnectionError('the answer was lost')
    if ('items' in answer) throw new Error('a list was not asked for')
    if ('object' in answer) return pool.get<T>(answer.object)
    throw new ApiError(answer.code, answer.reason, answer.reason)
  }
  const sure = async <T extends KubeObject>(op: Op): Promise<T> => (await ask<T>(op)) as T
  const slot = (resource: Resource, name: string): string => `${resource.kind}/${name}`
  const parts = {
    get: <T extends KubeObject>(resource: Resource<T>, ref: ObjectRef) =>
      sure<T>({ verb: 'get', slot: slot(resource, ref.name) }),
    find: <T extends KubeObject>(resource: Resource<T>, ref: ObjectRef) =>
      ask<T>({ verb: 'find', slot: slot(resource, ref.name) }),
    listMetadata: async (resource: Resource): Promise<KubeList<KubeObject>> => {
      const answer = await send({ verb: 'list', slot: slot(resource, '') })
      if (answer === 'Lost' || !('items' in answer)) throw new ConnectionError('the list was lost')
      return { items: answer.items.map(number => pool.get(number) as KubeObject), resourceVersion: '' }
    },
    create: <T extends KubeObject>(resource: Resource<T>, object: T) =>
      sure<T>({ verb: 'create', slot: slot(resource, object.metadata.name), body: object }),
    replace: <T extends KubeObject>(
      resource: Resource<T>,
      object: T,
      options?: { readonly subresource?: string },
    ) => {
      if (options?.subresource !== 'status') throw new Error('the operator replaces nothing but status')
      return sure<T>({ verb: 'status', slot: slot(resource, object.metadata.name), body: object })
    },
    patch: <T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: { readonly body: unknown }) =>
      sure<T>({ verb: 'metadata', slot: slot(resource, ref.name), body: patch.body as object }),
    delete: async (resource: Resource, ref: ObjectRef, options?: { readonly uid?: string }) => {
      await sure({
        verb: 'delete',
        slot: slot(resource, ref.name),
        ...(options?.uid === undefined ? {} : { uid: options.uid }),
      })
    },
  }
  return parts as unknown as Client
}
