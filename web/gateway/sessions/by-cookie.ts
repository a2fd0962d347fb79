import type { FastifyRequest } from 'fastify'
import type { BySession } from '../http/authentication.ts'
import { problem } from '../problems/problem.ts'
import { problemOf } from '../problems/translate.ts'
import { clearCookie, cookieIn } from './cookie.ts'
import { foreignFault } from './origin.ts'
import type { Sessions } from './setup.ts'

/** Sessions as `authenticate` takes them up. A cookie that is good for nothing any more is taken away. */
export const sessionsByCookie = (sessions: Sessions): BySession => ({
  async isShown(request) {
    const cookie = shownBy(request)
    return cookie !== undefined && (await sessions.isOurs(cookie))
  },
  async callerOf(request, reply) {
    const cookie = shownBy(request)
    if (cookie === undefined) return undefined
    const { method, headers, host } = request
    const fault = foreignFault({ method, headers, host })
    if (fault !== undefined) throw fault
    const caller = await sessions.callerOf(cookie).catch(error => {
      if (problemOf(error).code === 'Unauthenticated') reply.header('set-cookie', clearCookie)
      throw error
    })
    const meant = headers[meantUser]
    if (meant !== undefined && meant !== encodeURIComponent(caller.username)) throw somebodyElse()
    return caller
  },
})

/**
 * The header by which a page says whom it takes the session for, percent-encoded. All tabs of a browser share the cookie:
 * a page that shows one person must not decide as another, who has signed in in another tab meanwhile.
 */
const meantUser = 'countersign-user'

const somebodyElse = () =>
  problem('Unauthenticated', { what: 'Somebody else is signed in in this browser by now. Nothing was done.' })

/** Where there is a header too, it is the header that was meant: a browser sends cookies unasked. */
const shownBy = ({ headers }: FastifyRequest): string | undefined =>
  headers.authorization === undefined ? cookieIn(headers.cookie) : undefined
