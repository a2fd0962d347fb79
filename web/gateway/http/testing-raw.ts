// Helpers for tests that write bytes instead of requests.
import { connect } from 'node:net'
import { defaultLimits, type LimitOptions, type Timeouts } from '../limits/options.ts'

/** What came back on one connection, whoever closed it. */
export interface Heard {
  readonly text: string
  /** Of each answer, in order. */
  readonly statuses: readonly number[]
  /** Whether the other side ended it in an orderly way; else it was reset. */
  readonly ended: boolean
}

/** Writes these bytes, piece by piece, keeps the connection open and returns what was heard when the gateway ends it. */
export function say(
  port: number,
  pieces: string | readonly string[],
  { localAddress = '127.0.0.1' }: { readonly localAddress?: string } = {},
): Promise<Heard> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    let text = ''
    let ended = false
    socket.setEncoding('latin1')
    socket.setNoDelay()
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('end', () => {
      ended = true
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
      resolve({ text, statuses, ended })
    })
    socket.on('connect', async () => {
      for (const piece of [pieces].flat()) {
        if (!socket.writable) return
        socket.write(piece, 'latin1')
        await new Promise(resume => setImmediate(resume))
      }
    })
  })
}

/** Limits under which every connection ends by itself within a second. */
export const impatient = (
  limits: Partial<LimitOptions> = {},
  timeouts: Partial<Timeouts> = {},
): LimitOptions => ({
  ...defaultLimits,
  ...limits,
  timeouts: {
    headersMs: 300,
    requestMs: 600,
    checkEveryMs: 20,
    keepAliveMs: 100,
    takeMs: 2000,
    idleMs: 2000,
    lingerMs: 200,
    ...timeouts,
  },
})
