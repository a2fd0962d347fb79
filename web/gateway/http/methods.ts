import type { HTTPMethods } from 'fastify'
import { problem } from '../problems/problem.ts'
import type { App } from './app.ts'

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Call before routes are added; the returned function, called after them, refuses every other method with 405. */
export function refuseOtherMethods(app: App): () => void {
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', route => {
    const set = taken.get(route.url) ?? new Set()
    for (const method of [route.method].flat()) set.add(method)
    taken.set(route.url, set)
  })
  return () => {
    for (const [url, set] of [...taken]) {
      const allowed = [...set].sort().join(', ')
      app.route({
        method: methods.filter(method => !set.has(method)),
        url,
        schema: { hide: true },
        handler: async request => {
          throw problem('MethodNotAllowed', { allowed, method: request.method }, { allow: allowed })
        },
      })
    }
  }
}
