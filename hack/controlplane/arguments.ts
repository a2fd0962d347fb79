import { connect } from 'node:net'
import { join } from 'node:path'
import type { ProcessSpec } from '../process.ts'
import type { Binaries } from './binaries.ts'

/** Where everything of one control plane is. Paths are absolute. */
export interface Layout {
  readonly binaries: Binaries
  readonly folder: string
  readonly port: number
  readonly caFile: string
  readonly serverCertificateFile: string
  readonly serverKeyFile: string
  readonly tokenPublicKeyFile: string
  readonly tokenPrivateKeyFile: string
  readonly usersFile: string
  readonly adminKubeconfig: string
  readonly apiServerArgs: readonly string[]
}

/** The data goes when the processes go: there is nothing to wait for. A graceful API server takes a second. */
const thrownAway = { stopSignal: 'SIGKILL', graceMs: 10_000 } as const

/** Of two cores the garbage collector would take a sixth: memory is what there is more of. */
const fewCollections = { GOGC: '400' } as const

/**
 * etcd listens on a socket in the private folder: no port to find, and nobody else's way in. It insists on
 * `host:port` in its own URLs and takes that, as it is, for the name of a file in its working folder.
 */
const clientSocket = 'etcd:0'
const peerSocket = 'peer:0'

export function etcd(layout: Layout): ProcessSpec {
  return {
    name: 'etcd',
    command: layout.binaries.etcd,
    env: fewCollections,
    cwd: layout.folder,
    args: [
      `--data-dir=${join(layout.folder, 'etcd')}`,
      `--listen-client-urls=unix://${clientSocket}`,
      `--advertise-client-urls=unix://${clientSocket}`,
      `--listen-peer-urls=unix://${peerSocket}`,
      `--initial-advertise-peer-urls=unix://${peerSocket}`,
      `--initial-cluster=default=unix://${peerSocket}`,
      // The data is thrown away at the end: nothing is lost by not waiting for the disk.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    logFile: join(layout.folder, 'etcd.log'),
    ready: () => accepts(join(layout.folder, clientSocket)),
    ...thrownAway,
  }
}

/** Whether somebody accepts connections on this socket. */
function accepts(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path, () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

export function apiServer(layout: Layout): ProcessSpec {
  return {
    name: 'kube-apiserver',
    command: layout.binaries['kube-apiserver'],
    env: fewCollections,
    args: [
      '--bind-address=127.0.0.1',
      `--secure-port=${layout.port}`,
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      '--shutdown-watch-termination-grace-period=1s',
      `--etcd-servers=unix://${join(layout.folder, clientSocket)}`,
      `--tls-cert-file=${layout.serverCertificateFile}`,
      `--tls-private-key-file=${layout.serverKeyFile}`,
      `--client-ca-file=${layout.caFile}`,
      `--token-auth-file=${layout.usersFile}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${layout.tokenPublicKeyFile}`,
      `--service-account-signing-key-file=${layout.tokenPrivateKeyFile}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--profiling=false',
      ...layout.apiServerArgs,
    ],
    logFile: join(layout.folder, 'kube-apiserver.log'),
    readyTimeoutMs: 90_000,
    ...thrownAway,
  }
}

/** Only what a cluster without nodes has work for. */
const controllers = [
  'clusterrole-aggregation-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'validatingadmissionpolicy-status-controller',
]

export function controllerManager(layout: Layout): ProcessSpec {
  return {
    name: 'kube-controller-manager',
    command: layout.binaries['kube-controller-manager'],
    args: [
      `--kubeconfig=${layout.adminKubeconfig}`,
      `--controllers=${controllers.join(',')}`,
      '--leader-elect=false',
      // Each controller by its own ServiceAccount, as clusters have it: our policies know the garbage collector by it.
      '--use-service-account-credentials=true',
      '--secure-port=0',
      `--root-ca-file=${layout.caFile}`,
      `--service-account-private-key-file=${layout.tokenPrivateKeyFile}`,
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      '--profiling=false',
    ],
    logFile: join(layout.folder, 'kube-controller-manager.log'),
    readyTimeoutMs: 60_000,
    ...thrownAway,
  }
}
