import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey } from '../limits/address.ts'
import type { Limits } from '../limits/limits.ts'
import type { LimitOptions } from '../limits/options.ts'
import { problem } from '../problems/problem.ts'
import { brokenRequestAnswer, brokenRequestProblem } from './broken-request.ts'
import { networks } from './client-address.ts'
import { isClosing } from './closing.ts'
import { Conversation } from './conversation.ts'

export interface NodeServerOptions {
  readonly limits: LimitOptions
  /** Whether this is the address of a proxy that everybody comes through. */
  readonly isProxy: (address: string) => boolean
  /** Told of every connection that is refused. */
  readonly onRefusedConnection: (address: string) => void
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const conversations = new WeakMap<Socket, Conversation>()
const awaitContinue = new WeakSet<IncomingMessage>()

/** Bytes of all headers of a request together. */
export const maxHeaderBytes = 16 * 1024

/**
 * Node's HTTP server, with time and size limits on everything that somebody unknown can make it hold, and one request
 * of a connection at a time. What decides over safety is set here, so that no NODE_OPTIONS changes it.
 */
export function createNodeServer(handler: Handler, options: NodeServerOptions): Server {
  const { limits } = options
  const { headersMs, requestMs, checkEveryMs, keepAliveMs, takeMs, idleMs, lingerMs } = limits.timeouts
  const server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkEveryMs,
    keepAliveTimeout: keepAliveMs,
    // Node would refuse it without our headers and words: framing.ts does.
    requireHostHeader: false,
  })
  server.timeout = idleMs
  // All of them or a refusal (framing.ts): one that is dropped silently may be the one that matters.
  server.maxHeadersCount = 0
  server.maxConnections = limits.connections
  server.on('drop', data => options.onRefusedConnection(data?.remoteAddress ?? ''))
  limitByAddress(server, options)
  const open = new Set<Conversation>()
  server.on('connection', socket => {
    if (socket.destroyed) return
    const handle = ({ request, response }: { request: IncomingMessage; response: ServerResponse }) =>
      handler(request, response)
    const conversation = new Conversation(socket, lingerMs, handle)
    conversations.set(socket, conversation)
    open.add(conversation)
    socket.once('close', () => open.delete(conversation))
  })
  const timer = setInterval(() => {
    for (const conversation of open) conversation.check(checkEveryMs, takeMs)
  }, checkEveryMs).unref()
  server.on('close', () => clearInterval(timer))
  const receive: Handler = (request, response) => {
    const conversation = conversations.get(request.socket)
    if (conversation === undefined) request.socket.destroy()
    else conversation.receive({ request, response })
  }
  server.on('request', receive)
  server.on('checkExpectation', receive)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    awaitContinue.add(request)
    receive(request, response)
  })
  server.on('connect', (_request, socket: Socket) => {
    // Node has taken its listeners off.
    socket.on('error', () => {})
    breakOff(socket, brokenRequestAnswer(problem('Malformed', { what: 'This is not a proxy.' }), limits.hsts))
  })
  return server
}

/** What of Fastify's options has to do with the server beneath it. */
export function nodeServerOptions(
  limits: LimitOptions,
  { refusedConnection }: Pick<Limits, 'refusedConnection'>,
) {
  const { trustedProxies, hsts } = limits
  const isProxy = networks(trustedProxies)
  return {
    trustProxy: (address: string) => isProxy(address),
    serverFactory: (handler: Handler) =>
      createNodeServer(handler, { limits, isProxy, onRefusedConnection: refusedConnection }),
    clientErrorHandler: ({ code }: { code?: string }, socket: Socket) => {
      if (code === 'ECONNRESET') socket.destroy()
      else breakOff(socket, brokenRequestAnswer(brokenRequestProblem(code), hsts))
    },
  }
}

/** Tells a client that waits for it (`Expect: 100-continue`) to send the body. */
export function inviteBody(request: IncomingMessage, response: ServerResponse): void {
  if (awaitContinue.delete(request)) response.writeContinue()
}

/** Ends a connection on which something came that is no request. */
export function breakOff(socket: Socket, lastWords: string): void {
  if (isClosing(socket)) return
  const conversation = conversations.get(socket)
  if (conversation === undefined || socket.destroyed || !socket.writable) socket.destroy()
  else conversation.breakOff(lastWords)
}

function limitByAddress(server: Server, { limits, isProxy, onRefusedConnection }: NodeServerOptions): void {
  const open = new Map<string, number>()
  server.on('connection', socket => {
    const { remoteAddress = '' } = socket
    if (isProxy(remoteAddress)) return
    const key = addressKey(remoteAddress)
    const count = open.get(key) ?? 0
    if (count >= limits.connectionsPerAddress) {
      onRefusedConnection(remoteAddress)
      socket.destroy()
      return
    }
    open.set(key, count + 1)
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1
      if (left > 0) open.set(key, left)
      else open.delete(key)
    })
  })
}
