import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runFolder } from '../process/record.ts'
import { createProcessGroup, type ProcessGroup, type SupervisedProcess } from '../process.ts'
import { connectAsAdmin } from './admin.ts'
import { apiServer, controllerManager, etcd, type Layout } from './arguments.ts'
import { type Binaries, ensureBinaries } from './binaries.ts'
import { createCertificateAuthority, createTokenKey } from './certificates.ts'
import { kubeconfigText } from './kubeconfig.ts'
import { freePort } from './ports.ts'

/** Somebody whom the API server knows by a static token. */
export interface StaticUser {
  readonly name: string
  readonly groups?: readonly string[]
  readonly token: string
}

/** Whom a kubeconfig is for: a client certificate is issued, or the token is written into it. */
export type KubeconfigUser =
  | { readonly name: string; readonly groups?: readonly string[]; readonly namespace?: string }
  | { readonly name?: string; readonly token: string; readonly namespace?: string }

export interface ControlPlaneOptions {
  readonly users?: readonly StaticUser[]
  /** Default: found or made, with progress on standard error. */
  readonly binaries?: Binaries
  /** Added to the API server's command line, such as `--emulated-version=kube=1.33`. */
  readonly apiServerArgs?: readonly string[]
  /**
   * Run when the API server answers and before the controller manager starts. The place to apply CRDs: its
   * garbage collector looks for new kinds only every 30 s, but knows at once those that it finds at its start.
   */
  readonly prepare?: (started: ApiServer) => Promise<void>
}

/** An API server that answers. */
export interface ApiServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string
  /** PEM. */
  readonly ca: string
  /** Path of a kubeconfig with every right. */
  readonly adminKubeconfig: string
  /** Path of kubectl. */
  readonly kubectl: string
}

/** A running etcd, kube-apiserver and kube-controller-manager, of which nothing is left after `stop`. */
export interface ControlPlane extends ApiServer {
  readonly binaries: Binaries
  /** The folder of its data and of `<program>.log`; removed by `stop`. */
  readonly folder: string
  readonly pids: Readonly<Record<'etcd' | 'apiserver' | 'controllerManager', number>>
  /** Writes a kubeconfig and returns its path. */
  kubeconfigFor(user: KubeconfigUser): string
  /** A token of a ServiceAccount that exists, valid for a day unless `expirationSeconds` says otherwise. */
  serviceAccountToken(namespace: string, name: string, expirationSeconds?: number): Promise<string>
  /** Stops the API server (SIGKILL for a crash; default SIGTERM) and starts it on the same port and data. */
  restartApiServer(signal?: NodeJS.Signals): Promise<void>
  /** Stops etcd, lets `meanwhile` pass, and starts it on the same data. */
  restartEtcd(meanwhile: () => Promise<void>): Promise<void>
  /** Resolves when the API server that runs now has ended, for whatever reason. */
  apiServerEnded(): Promise<void>
  /** May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts a control plane on 127.0.0.1, with its own certificates and RBAC, in about four seconds. Several may
 * run at once. It is stopped by `stop()` or, whatever happens, with this process.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = options.binaries ?? (await ensureBinaries())
  for (let attempt = 1; ; attempt++) {
    const group = await createProcessGroup()
    try {
      return await startOnce(options, binaries, group)
    } catch (error) {
      await group.stop()
      // Between the choice of a free port and its use somebody else may have taken it.
      if (attempt === 3 || !String(error).includes('address already in use')) throw error
    }
  }
}

async function startOnce(
  options: ControlPlaneOptions,
  binaries: Binaries,
  group: ProcessGroup,
): Promise<ControlPlane> {
  const folder = mkdtempSync(join(runFolder(), 'cp-'))
  group.removeAtEnd(folder)
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }

  const authority = createCertificateAuthority(Date.now())
  const ca = authority.certificate
  const admin = authority.issueClient('countersign-admin', ['system:masters'])
  const server = authority.issueServer(['127.0.0.1', 'localhost'])
  const tokenKey = createTokenKey()
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const layout: Layout = {
    binaries,
    folder,
    port,
    caFile: write('ca.crt', ca),
    serverCertificateFile: write('server.crt', server.certificate),
    serverKeyFile: write('server.key', server.key),
    tokenPublicKeyFile: write('token.pub', tokenKey.publicKey),
    tokenPrivateKeyFile: write('token.key', tokenKey.privateKey),
    usersFile: write('users.csv', usersCsv(options.users ?? [])),
    adminKubeconfig: write('admin.kubeconfig', kubeconfigText({ url, ca, user: 'admin', credential: admin })),
    apiServerArgs: options.apiServerArgs ?? [],
  }
  const connection = connectAsAdmin(url, ca, admin)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= group.stop().then(() => connection.close())
    return stopped
  }

  try {
    let etcdProcess = await group.start(etcd(layout))
    const startApiServer = (): Promise<SupervisedProcess> =>
      group.start({ ...apiServer(layout), ready: () => connection.ok('/readyz') })
    let apiServerProcess = await startApiServer()
    await options.prepare?.({ url, ca, adminKubeconfig: layout.adminKubeconfig, kubectl: binaries.kubectl })
    const managerProcess = await group.start({
      ...controllerManager(layout),
      // The controllers that everything else relies on have done their first work.
      ready: async () => connection.ok('/api/v1/namespaces/default/serviceaccounts/default'),
    })

    return {
      url,
      ca,
      adminKubeconfig: layout.adminKubeconfig,
      kubectl: binaries.kubectl,
      binaries,
      folder,
      get pids() {
        return {
          etcd: etcdProcess.pid,
          apiserver: apiServerProcess.pid,
          controllerManager: managerProcess.pid,
        }
      },
      kubeconfigFor(user) {
        const credential =
          'token' in user ? { token: user.token } : authority.issueClient(user.name, user.groups)
        const text = kubeconfigText({
          url,
          ca,
          user: user.name ?? 'token',
          credential,
          ...(user.namespace === undefined ? {} : { namespace: user.namespace }),
        })
        return write(join('kubeconfigs', `${randomUUID()}.kubeconfig`), text)
      },
      async serviceAccountToken(namespace, name, expirationSeconds = 86_400) {
        const answer = (await connection.post(
          `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
          { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds } },
        )) as { status: { token: string } }
        return answer.status.token
      },
      async restartApiServer(signal = 'SIGTERM') {
        await apiServerProcess.stop(signal)
        apiServerProcess = await startApiServer()
      },
      async restartEtcd(meanwhile) {
        // By its own signal: it takes its socket away as it ends.
        await etcdProcess.stop('SIGTERM')
        await meanwhile()
        etcdProcess = await group.start(etcd(layout))
      },
      async apiServerEnded() {
        await apiServerProcess.exited
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The file format of `--token-auth-file`: token, name, uid and, where there are any, a quoted list of groups. */
function usersCsv(users: readonly StaticUser[]): string {
  return users
    .map(({ token, name, groups = [] }) => {
      const line = `${token},${name},${name}`
      return groups.length === 0 ? `${line}\n` : `${line},"${groups.join(',')}"\n`
    })
    .join('')
}
