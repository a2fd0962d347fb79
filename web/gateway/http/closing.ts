import type { Socket } from 'node:net'

const maxThrownAway = 16 * 1024 * 1024
const closing = new WeakSet<Socket>()

/** Whether this connection was closed by `closeGently`: nothing that still comes is looked at. */
export const isClosing = (socket: Socket): boolean => closing.has(socket)

/**
 * Ends a connection on which the other side may still be sending. Closing it at once would make the system answer what
 * comes with a reset, which throws our own answer away before it is read. So our side ends, and what comes is thrown
 * away, unparsed, for `lingerMs` and 16 MiB at most.
 */
export function closeGently(socket: Socket, lingerMs: number, lastWords = ''): void {
  if (closing.has(socket) || socket.destroyed) return
  closing.add(socket)
  // Of HTTP nothing is listened to any more: a second request that is on its way must not be run.
  socket.removeAllListeners('data')
  let received = 0
  socket.on('data', chunk => {
    received += chunk.length
    if (received > maxThrownAway) socket.destroy()
  })
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  socket.on('error', () => {})
  socket.end(lastWords, 'latin1')
  socket.resume()
}
