import type { FastifyRequest } from 'fastify'
import type { BySession } from '../http/authentication.ts'
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
    try {
      return await sessions.callerOf(cookie)
    } catch (error) {
      if (problemOf(error).code === 'Unauthenticated') reply.header('set-cookie', clearCookie)
      throw error
    }
  },
})

/** Where there is a header too, it is the header that was meant: a browser sends cookies unasked. */
const shownBy = ({ headers }: FastifyRequest): string | undefined =>
  headers.authorization === undefined ? cookieIn(headers.cookie) : undefined
