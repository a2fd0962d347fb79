import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '../controlplane/controlplane.ts'
import { kubeconfigText } from '../controlplane/kubeconfig.ts'
import { useCurrentCluster } from '../currentcluster.ts'
import { installApi, kubectl } from '../manifests.ts'

/** The people of the demo and what they are in the project; mallory is nobody. */
export const PEOPLE = {
  'alice@acme.com': 'Owner',
  'bob@acme.com': 'Admin',
  'carol@acme.com': 'Member',
  'mallory@acme.com': null,
} as const
export type Person = keyof typeof PEOPLE

/** A cluster with our API on it: one of our own, or the current context's. */
export interface DemoCluster {
  readonly url: string
  /** Path of a kubeconfig with every right. */
  readonly kubeconfig: string
  readonly kubectl: string
  /** Path of a kubeconfig by person, whose context names the namespace. */
  readonly people: Readonly<Record<Person, string>>
  /** Token by person that the API server accepts; none on a cluster that is not ours. */
  readonly tokens: Readonly<Partial<Record<Person, string>>>
  readonly pids: ControlPlane['pids'] | undefined
  /** Writes a kubeconfig with a token of a ServiceAccount and returns its path. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>
  stop(): Promise<void>
}

/** Seconds that the processes of the demo may use their tokens. */
const TOKEN_SECONDS = 604_800

/** Starts a control plane, or takes the current one, and applies CRDs, policies and roles. `namespace` is put into people's contexts. */
export const startDemoCluster = async (options: {
  readonly namespace: string
  readonly useCurrentCluster: boolean
  readonly folder: string
}): Promise<DemoCluster> =>
  options.useCurrentCluster ? currentCluster(options.folder) : ownCluster(options.namespace)

const ownCluster = async (namespace: string): Promise<DemoCluster> => {
  const people = Object.keys(PEOPLE) as Person[]
  const users = people.map(name => ({ name, token: randomBytes(24).toString('hex') }))
  const plane = await startControlPlane({
    users,
    prepare: ({ kubectl: path, adminKubeconfig }) =>
      installApi({ kubectl: path, kubeconfig: adminKubeconfig }),
  })
  return {
    url: plane.url,
    kubeconfig: plane.adminKubeconfig,
    kubectl: plane.kubectl,
    people: Object.fromEntries(
      users.map(({ name, token }) => [name, plane.kubeconfigFor({ name, token, namespace })]),
    ) as Record<Person, string>,
    tokens: Object.fromEntries(users.map(({ name, token }) => [name, token])),
    get pids() {
      return plane.pids
    },
    serviceAccountKubeconfig: async (system, name) =>
      plane.kubeconfigFor({ name, token: await plane.serviceAccountToken(system, name, TOKEN_SECONDS) }),
    stop: () => plane.stop(),
  }
}

const currentCluster = async (folder: string): Promise<DemoCluster> => {
  const { facts, stop } = await useCurrentCluster(Object.keys(PEOPLE))
  return {
    url: facts.url,
    kubeconfig: facts.kubeconfig,
    kubectl: facts.kubectl,
    people: Object.fromEntries(
      Object.entries(facts.people).map(([name, { kubeconfig }]) => [name, kubeconfig]),
    ) as Record<Person, string>,
    tokens: {},
    pids: undefined,
    serviceAccountKubeconfig: async (namespace, name) => {
      const args = ['create', 'token', name, '-n', namespace, `--duration=${TOKEN_SECONDS}s`]
      const token = (await kubectl(facts, args)).trim()
      const path = join(mkdtempSync(join(folder, 'sa-')), `${name}.kubeconfig`)
      const text = kubeconfigText({ url: facts.url, ca: facts.ca, user: name, credential: { token } })
      writeFileSync(path, text, { mode: 0o600 })
      return path
    },
    stop,
  }
}
