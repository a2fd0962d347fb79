// A control plane of the storm's own, so that forty people have tokens, with operator and gateway as processes.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from '../../../kube/client.ts'
import { staticConnection } from '../../../kube/connection.ts'
import { createClient } from '../../../kube/http-client.ts'
import { type ControlPlane, startControlPlane } from '../../controlplane/controlplane.ts'
import { installApi } from '../../manifests.ts'
import { createProcessGroup } from '../../process.ts'

const SYSTEM = 'countersign-system'
const root = join(import.meta.dirname, '../../..')

/** Somebody whom the API server knows by a token. */
export interface Somebody {
  readonly name: string
  readonly groups: readonly string[]
}

export interface StormCluster {
  readonly plane: ControlPlane
  /** With every right. */
  readonly admin: Client
  /** Base URL of the gateway's process. */
  readonly gateway: string
  token(who: string): string
  /** Acts as this person by their own token. */
  client(who: string): Client
  /** Acts as this person by a client certificate. */
  withCertificate(who: string): Promise<Client>
  stop(): Promise<void>
}

export const startStormCluster = async (people: readonly Somebody[]): Promise<StormCluster> => {
  const users = people.map(who => ({ ...who, token: randomBytes(24).toString('hex') }))
  const tokens = new Map(users.map(({ name, token }) => [name, token]))
  const plane = await startControlPlane({
    users,
    prepare: started => installApi({ kubectl: started.kubectl, kubeconfig: started.adminKubeconfig }),
  })
  const group = await createProcessGroup()
  const connections: Client[] = []
  const connect = (path: string): Client => {
    const { user } = (JSON.parse(readFileSync(path, 'utf8')) as Kubeconfig).users[0]
    const decoded = (text = '') => Buffer.from(text, 'base64').toString()
    const credential = {
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    }
    const client = createClient(staticConnection({ server: plane.url, ca: plane.ca, ...credential }), {
      fieldManager: 'storm',
      // One for each who may be waiting for an answer.
      requestConnections: 128,
    })
    connections.push(client)
    return client
  }
  const admin = connect(plane.adminKubeconfig)
  const everybody = connect(plane.adminKubeconfig)
  const start = async (name: string, program: string, flags: readonly string[], ready: RegExp) => {
    const token = await plane.serviceAccountToken(SYSTEM, `countersign-${name}`)
    const kubeconfig = plane.kubeconfigFor({ name, token })
    const logFile = join(plane.folder, `${name}.log`)
    const args = [
      join(root, program),
      `--kubeconfig=${kubeconfig}`,
      '--host=127.0.0.1',
      '--metrics-port=0',
      ...flags,
    ]
    await group.start({ name, command: process.execPath, args, logFile, ready, readyTimeoutMs: 60_000 })
    return readFileSync(logFile, 'utf8')
  }
  const stop = async () => {
    await group.stop()
    await Promise.all(connections.map(one => one.close()))
    await plane.stop()
  }
  try {
    await start('operator', 'operator/main.ts', ['--allow-loopback', '--instance=storm'], /started leading/)
    const said = await start('gateway', 'web/gateway/main.ts', ['--port=0'], /"listening"/)
    const gateway = /"url":"(http:[^"]+)"/.exec(said)?.[1] ?? ''
    const token = (who: string): string => tokens.get(who) ?? ''
    return {
      plane,
      admin,
      gateway,
      token,
      client: who => everybody.withToken(token(who)),
      withCertificate: async name => connect(plane.kubeconfigFor({ name })),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Kubeconfig {
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data'?: string; readonly 'client-key-data'?: string } },
  ]
}
