import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Connection, TlsOptions } from './connection.ts'
import type { Clock } from './types.ts'

export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

const rereadMs = 60_000

export interface InClusterOptions {
  readonly clock: Clock
  /** Default: the place that every pod has. */
  readonly folder?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * The connection of a pod by its ServiceAccount. The kubelet writes a new token long before the old one expires; the
 * file is read again each minute, and when the server answers 401.
 */
export function inClusterConnection(options: InClusterOptions): Connection {
  const { clock, folder = serviceAccountFolder, env = process.env } = options
  const host = env.KUBERNETES_SERVICE_HOST
  if (!host) throw new Error('KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod')
  const tls: TlsOptions = { ca: readFileSync(join(folder, 'ca.crt')) }
  let cached: { readonly headers: Record<string, string>; readonly at: number } | undefined
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`,
    namespace: readFileSync(join(folder, 'namespace'), 'utf8').trim(),
    tls: async () => tls,
    async headers() {
      if (cached === undefined || clock.now() - cached.at >= rereadMs) {
        const token = (await readFile(join(folder, 'token'), 'utf8')).trim()
        cached = { headers: { authorization: `Bearer ${token}` }, at: clock.now() }
      }
      return cached.headers
    },
    async refresh() {
      cached = undefined
    },
  }
}
