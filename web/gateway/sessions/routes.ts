import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { time } from '../../../crds/v1alpha1/common.ts'
import type { Caller } from '../credentials.ts'
import type { App } from '../http/app.ts'
import { callerOf } from '../http/authentication.ts'
import { clientAddress } from '../http/client-address.ts'
import { namespaceName } from '../http/params.ts'
import { keyID } from '../keys/item.ts'
import type { Limits } from '../limits/limits.ts'
import { component } from '../openapi/components.ts'
import { problem } from '../problems/problem.ts'
import { SessionCaller } from './caller.ts'
import { clearCookie, setCookie } from './cookie.ts'
import { foreignSignIn } from './origin.ts'
import { type Sealed, type Sessions, signedOut } from './setup.ts'

const signIn = component(
  'SignIn',
  z.strictObject({
    token: z
      .string()
      .min(1)
      .max(16_384)
      .describe('A token that the API server accepts, or an API key. It is not kept.'),
  }),
)

const shownSession = component(
  'Session',
  z.object({
    username: z.string().describe('Who is signed in.'),
    createdAt: time.describe('When they signed in.'),
    expiresAt: time.describe('When it ends, however much it is used.'),
    renewBy: time.describe('When it ends unless GET /api/v1/session is asked before.'),
    apiKey: z
      .object({
        id: keyID,
        project: namespaceName.describe('The only project that it reaches.'),
        readOnly: z.boolean().describe('Whether it only reads.'),
        agents: z.array(z.string()).optional().describe('The only agents that it has to do with.'),
      })
      .optional()
      .describe('The API key that it was made with, is narrowed as, and ends with. Absent: it was a token.'),
  }),
)

export type ShownSession = z.infer<typeof shownSession>

/** `POST` and `DELETE /session`: nobody needs a session to sign in, nor a good one to sign out. */
export function signInRoutes(app: App, sessions: Sessions, { guard, callers }: Limits): void {
  app.post(
    '/session',
    {
      bodyLimit: 20 * 1024,
      schema: {
        open: true,
        summary: 'Signs a browser in with a token or an API key: sets the cookie of a session',
        body: signIn,
        response: { 201: shownSession },
      },
      onRequest: checkSender,
    },
    async (request, reply) => {
      const { token } = request.body
      // As any credential is looked at, so that guesses count here as they do anywhere.
      const shown = await guard.credentials({
        authorization: `Bearer ${token}`,
        address: clientAddress(request),
      })
      const open = callers.enter(shown)
      const sealed = await sessions.signIn(shown, token).finally(() => open.close())
      reply.code(201).header('set-cookie', setCookie(sealed.cookie, sealed.seconds))
      return itemOf(sealed, shown)
    },
  )

  app.delete(
    '/session',
    {
      schema: {
        open: true,
        summary: 'Signs this browser out: takes the cookie away',
        response: { 204: z.void() },
      },
      onRequest: checkSender,
    },
    async (_, reply) => reply.code(204).header('set-cookie', clearCookie).send(),
  )
}

/** `GET /session`, and what holds every request of `app` that comes by a session. Call after `authenticate`. */
export function sessionRoutes(app: App, sessions: Sessions): void {
  // What is written is written by a session that is good when the body has come: it could be held back until it is not.
  app.addHook('preHandler', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    const caller = callerOf(request)
    if (!(caller instanceof SessionCaller) || (await caller.worksNow())) return
    reply.header('set-cookie', clearCookie)
    throw signedOut()
  })

  app.get(
    '/session',
    {
      schema: {
        summary: 'Who is signed in, and until when; renews the session',
        response: { 200: shownSession },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      if (!(caller instanceof SessionCaller)) {
        throw problem('NotFound', {
          what: 'This request came with an Authorization header, not with a session.',
        })
      }
      const sealed = await sessions.renew(caller)
      reply.header('set-cookie', setCookie(sealed.cookie, sealed.seconds))
      return itemOf(sealed, caller)
    },
  )
}

async function checkSender(request: FastifyRequest): Promise<void> {
  const { method, headers, host } = request
  const fault = foreignSignIn({ method, headers, host })
  if (fault !== undefined) throw fault
}

function itemOf({ session }: Sealed, { keyID, scope }: Caller): ShownSession {
  const { project, readOnly, agents } = scope
  return {
    username: session.user,
    createdAt: new Date(session.issuedAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
    renewBy: new Date(session.renewBy).toISOString(),
    ...(keyID === undefined || project === undefined
      ? {}
      : { apiKey: { id: keyID, project, readOnly, agents: agents && [...agents] } }),
  }
}
