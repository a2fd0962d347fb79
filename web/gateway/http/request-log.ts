import type { FastifyRequest } from 'fastify'
import type { Metrics } from '../metrics.ts'
import type { App } from './app.ts'

/**
 * One line and one observation a request. The line holds the route's pattern and names, never the URL, a header or a
 * body: those hold tokens, parameters and reasons.
 */
export function logRequests(app: App, metrics: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request
    const route = request.routeOptions.url ?? 'none'
    const seconds = reply.elapsedTime / 1000
    metrics.requests.observe({ method, route, code: String(reply.statusCode) }, seconds)
    // What is refused before anybody knows whose it is, is told once a minute (limits/notices.ts).
    const isUnknown = request.caller === undefined && (reply.statusCode === 401 || reply.statusCode === 429)
    const level = reply.statusCode >= 500 ? 'error' : isUnknown || isProbe(route) ? 'debug' : 'info'
    request.log[level](
      {
        method,
        route,
        ...namesIn(request),
        status: reply.statusCode,
        seconds: Math.round(seconds * 10_000) / 10_000,
        ...(request.caller?.username === undefined ? {} : { user: request.caller.username }),
      },
      'request',
    )
  })
}

const isProbe = (route: string): boolean => route === '/healthz' || route === '/readyz'

/** Path parameters that were validated; of any other request the parameters could be anything. */
function namesIn(request: FastifyRequest): Record<string, string> {
  const { ns, name } = (request.params ?? {}) as Record<string, unknown>
  return {
    ...(isName(ns) ? { project: ns } : {}),
    ...(isName(name) ? { name } : {}),
  }
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)
