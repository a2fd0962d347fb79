// A scripted API server for tests of what a real one cannot be made to do.
import type { ServerResponse } from 'node:http'
import { createClient } from '../../kube/http-client.ts'
import { answer, type ReceivedRequest, scriptedServer, status } from '../../kube/testing.ts'
import type { Deps } from './deps.ts'
import { startGateway, type TestGateway } from './testing.ts'

/** Answers one request (or hangs up), or does nothing to leave it to the defaults. */
export type Script = (request: ReceivedRequest, response: ServerResponse) => void

export interface ScriptedGateway {
  readonly gateway: TestGateway
  /** What the API server was sent, but for what the cache reads. */
  readonly received: readonly ReceivedRequest[]
  close(): Promise<void>
}

const ownToken = 'gateways-own-token'

export const alice = { username: 'alice@acme.com', groups: ['system:authenticated'] }

/**
 * A gateway in front of a scripted API server, which by default knows who everybody is (alice) and nothing else. The
 * gateway's own credential is `gateways-own-token`.
 */
export async function scriptedGateway(
  script: Script = () => {},
  overrides: Partial<Deps> = {},
): Promise<ScriptedGateway> {
  const received: ReceivedRequest[] = []
  const api = await scriptedServer((request, response) => {
    if (isOfCache(request)) return serveCache(request, response)
    received.push(request)
    script(request, response)
    if (response.headersSent || response.destroyed || response.socket?.destroyed !== false) return
    if (request.path === '/version') return answer(response, { gitVersion: 'v1.36.3' })
    if (request.path.endsWith('/selfsubjectreviews')) {
      const metadata = { creationTimestamp: '2026-11-22T10:00:00Z' }
      return answer(response, { metadata, status: { userInfo: alice } }, 201)
    }
    answer(response, status(404, 'NotFound', 'the server could not find the requested resource'), 404)
  })
  const client = createClient({
    ...api.connection,
    headers: async () => ({ authorization: `Bearer ${ownToken}` }),
  })
  const gateway = await startGateway(client, overrides)
  return {
    gateway,
    received,
    async close() {
      await gateway.close()
      await client.close()
      await api.close()
    },
  }
}

/** Whether the gateway reads this for its cache, by its own name: a whole kind, or what people have seen. */
const isOfCache = ({ method, path, headers }: ReceivedRequest): boolean =>
  method === 'GET' &&
  headers.authorization === `Bearer ${ownToken}` &&
  (path === '/api/v1/namespaces/countersign-system/configmaps' ||
    /^\/apis\/countersign\.dev\/v1alpha1\/(\w+|namespaces\/countersign-system\/apikeys)$/.test(path))

/** Holds nothing, and nothing happens. */
function serveCache({ query }: ReceivedRequest, response: ServerResponse): void {
  if (query.has('watch')) response.writeHead(200).flushHeaders()
  else answer(response, { metadata: { resourceVersion: '1' }, items: [] })
}
