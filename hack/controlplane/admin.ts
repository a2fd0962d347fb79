import { Agent, request } from 'undici'
import type { KeyAndCertificate } from './certificates.ts'

/** The few requests that the control plane itself makes, as cluster-admin. */
export interface AdminConnection {
  /** Whether `path` answers 200. */
  ok(path: string): Promise<boolean>
  /** Sends `body` and returns the answer's JSON; rejects with the server's message unless it is 2xx. */
  post(path: string, body: unknown): Promise<unknown>
  close(): Promise<void>
}

/** Connects lazily to the API server at `url`, trusting `ca` (PEM). */
export function connectAsAdmin(
  url: string,
  ca: string,
  { key, certificate }: KeyAndCertificate,
): AdminConnection {
  const dispatcher = new Agent({ connect: { ca, key, cert: certificate }, connections: 4 })
  return {
    async ok(path) {
      const { statusCode, body } = await request(new URL(path, url), { dispatcher, headersTimeout: 5000 })
      await body.dump()
      return statusCode === 200
    },
    async post(path, body) {
      const answer = await request(new URL(path, url), {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const json = (await answer.body.json()) as { message?: string }
      if (answer.statusCode >= 300) {
        throw new Error(`the API server refused POST ${path}: ${json.message ?? answer.statusCode}`)
      }
      return json
    },
    close: () => dispatcher.close(),
  }
}
