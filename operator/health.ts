import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** One thing that must hold for the operator to do its work. */
export interface Check {
  readonly name: string
  /** Undefined: it holds. Otherwise why not, for people. */
  readonly failing: () => string | undefined
}

export interface HealthServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves `/healthz` (the process lives), `/readyz` (every check holds; 503 with a line each where not) and `/metrics`.
 */
export const startHealthServer = async (options: {
  readonly host: string
  readonly port: number
  readonly registry: Registry
  readonly checks: readonly Check[]
}): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    }
    if (request.method !== 'GET') return send(405, 'text/plain', 'GET only\n')
    switch (new URL(request.url ?? '/', 'http://localhost').pathname) {
      case '/healthz':
        return send(200, 'text/plain', 'ok\n')
      case '/readyz': {
        const lines = options.checks.map(({ name, failing }) => ({ name, why: failing() }))
        const body = lines
          .map(({ name, why }) => (why === undefined ? `[+] ${name} ok` : `[-] ${name}: ${why}`))
          .join('\n')
        return send(lines.some(({ why }) => why !== undefined) ? 503 : 200, 'text/plain', `${body}\n`)
      }
      case '/metrics':
        return void options.registry.metrics().then(
          text => send(200, options.registry.contentType, text),
          () => send(500, 'text/plain', 'metrics could not be collected\n'),
        )
      default:
        return send(404, 'text/plain', 'try /healthz, /readyz or /metrics\n')
    }
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  await listen(server, options.port, options.host)
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
