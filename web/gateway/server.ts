import Fastify, { type FastifyError, LogController } from 'fastify'
import { holdToScope } from './access/scope.ts'
import { agentRoutes } from './agents/routes.ts'
import { approvalRoutes } from './approvals/routes.ts'
import { auditRoutes } from './audit/routes.ts'
import type { Deps } from './deps.ts'
import { eventRoutes } from './events/routes.ts'
import { Readiness } from './health.ts'
import { answerProblems, sendProblem } from './http/answers.ts'
import type { App } from './http/app.ts'
import { authenticate, decorateRequests, limitAnonymous } from './http/authentication.ts'
import { maxBodyBytes, takeJsonBodies } from './http/json-body.ts'
import { refuseOtherMethods } from './http/methods.ts'
import { nodeServerOptions } from './http/node-server.ts'
import { logRequests } from './http/request-log.ts'
import { jsonSerializer, type ZodTypeProvider, zodValidator } from './http/zod.ts'
import { inboxRoutes } from './inbox/routes.ts'
import { createLimits } from './limits/limits.ts'
import { defaultLimits } from './limits/options.ts'
import { notificationRoutes } from './notifications/routes.ts'
import { serveOpenAPI } from './openapi/document.ts'
import { pageRoutes } from './page/routes.ts'
import { projectRoutes } from './projects/routes.ts'
import { runRoutes } from './runs/routes.ts'
import { sessionsByCookie } from './sessions/by-cookie.ts'
import { sessionRoutes, signInRoutes } from './sessions/routes.ts'

/** The gateway as a Fastify instance that does not listen yet. Its routes are part of the contract (docs/rest.md). */
export async function buildServer(deps: Deps): Promise<App> {
  const options = deps.limits ?? defaultLimits
  const limits = createLimits({ ...deps, options })
  const { sessions } = deps
  const bySession = sessionsByCookie(sessions)
  const app: App = Fastify({
    loggerInstance: deps.log,
    // Its own lines hold URLs and error messages: request-log.ts writes one without.
    logController: new LogController({ disableRequestLogging: true }),
    // Ours, never the caller's: it stands in the log.
    genReqId: () => deps.newID(),
    requestIdHeader: false,
    bodyLimit: maxBodyBytes,
    ...nodeServerOptions(options, limits),
    routerOptions: { maxParamLength: 300 },
    // A request on a connection that was there before still gets its answer, with `Connection: close`.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request, reply) => {
      sendProblem(request, reply, error)
    },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(zodValidator)
  app.setSerializerCompiler(jsonSerializer)
  decorateRequests(app)
  answerProblems(app, options)
  limitAnonymous(app, limits, bySession)
  takeJsonBodies(app)
  logRequests(app, deps.metrics)
  const refuseOthers = refuseOtherMethods(app)
  serveOpenAPI(app)
  probeRoutes(app, deps)
  if (deps.page !== undefined) pageRoutes(app, deps.page)
  await app.register(
    async (api: App) => {
      authenticate(api, limits, bySession)
      holdToScope(api)
      sessionRoutes(api, sessions)
      deps.apiKeys.routes(api)
      projectRoutes(api, deps)
      approvalRoutes(api, deps)
      runRoutes(api, deps)
      agentRoutes(api, deps)
      auditRoutes(api, deps)
      eventRoutes(api, deps)
      notificationRoutes(api, deps)
      inboxRoutes(api, deps)
    },
    { prefix: '/api/v1' },
  )
  await app.register(async (open: App) => signInRoutes(open, sessions, limits), { prefix: '/api/v1' })
  refuseOthers()
  return app
}

function probeRoutes(app: App, deps: Deps): void {
  const readiness = new Readiness(deps.client, deps.clock)
  app.get('/healthz', { schema: { hide: true } }, async (_, reply) => reply.type('text/plain').send('ok\n'))
  app.get('/readyz', { schema: { hide: true } }, async (_, reply) => {
    reply.type('text/plain')
    if (deps.stopping.aborted) return reply.code(503).send('stopping\n')
    if (!deps.cache.hasSynced) return reply.code(503).send('not everything has been read yet\n')
    return (await readiness.isReady())
      ? reply.send('ok\n')
      : reply.code(503).send('the API server does not answer\n')
  })
}
