import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '../controlplane/controlplane.ts'
import { kubeconfigText } from '../controlplane/kubeconfig.ts'
import { useCurrentCluster } from '../currentcluster.ts'
import { installApi, type KubectlTarget, kubectl, untilCreatesAreTaken } from '../manifests.ts'
import { startPeopleProxy } from './people-proxy.ts'

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
  /** Token by person: the API server accepts them, or, on a cluster that is not ours, what stands before it here. */
  readonly tokens: Readonly<Record<Person, string>>
  /** Empty for a cluster that is not ours. */
  readonly pids: Readonly<Partial<ControlPlane['pids']>>
  /** Writes a kubeconfig with a token of a ServiceAccount and returns its path. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>
  /**
   * Makes room for the demo in a cluster that is not ours. Where an earlier demo was killed this waits for the operator,
   * which alone may let go of runs that were open.
   */
  claim(): Promise<void>
  /** Takes away what the demo put into a cluster that is not ours, while the operator still runs. */
  leave(): Promise<void>
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** Where the demo lives; it is put into people's contexts. */
  readonly namespace: string
  readonly useCurrentCluster: boolean
  /** For files. */
  readonly folder: string
  /** Told when the API server, of our own cluster, died and runs again. */
  readonly onRestart: () => void
}

/** Seconds that the processes of the demo may use their tokens. */
const TOKEN_SECONDS = 604_800

/** Starts a control plane, or takes the current one, and applies CRDs, policies and roles. */
export const startDemoCluster = async (options: ClusterOptions): Promise<DemoCluster> =>
  options.useCurrentCluster ? currentCluster(options) : ownCluster(options)

const names = Object.keys(PEOPLE) as Person[]

const forEveryone = <T>(make: (person: Person) => T): Record<Person, T> =>
  Object.fromEntries(names.map(name => [name, make(name)])) as Record<Person, T>

const newTokens = () => forEveryone(() => randomBytes(24).toString('hex'))

const ownCluster = async ({ namespace, onRestart }: ClusterOptions): Promise<DemoCluster> => {
  const tokens = newTokens()
  const plane = await startControlPlane({
    users: names.map(name => ({ name, token: tokens[name] })),
    prepare: ({ kubectl: path, adminKubeconfig }) =>
      installApi({ kubectl: path, kubeconfig: adminKubeconfig }),
  })
  let stopping = false
  const watch = async (): Promise<void> => {
    for (;;) {
      await plane.apiServerEnded()
      if (stopping) return
      await plane.restartApiServer()
      await untilCreatesAreTaken({ kubectl: plane.kubectl, kubeconfig: plane.adminKubeconfig })
      onRestart()
    }
  }
  // Where it cannot be started again its processes are about to be stopped.
  watch().catch(() => {})
  return {
    url: plane.url,
    kubeconfig: plane.adminKubeconfig,
    kubectl: plane.kubectl,
    people: forEveryone(name => plane.kubeconfigFor({ name, token: tokens[name], namespace })),
    tokens,
    get pids() {
      return plane.pids
    },
    serviceAccountKubeconfig: async (system, name) =>
      plane.kubeconfigFor({ name, token: await plane.serviceAccountToken(system, name, TOKEN_SECONDS) }),
    claim: async () => {},
    leave: async () => {},
    stop: () => {
      stopping = true
      return plane.stop()
    },
  }
}

const currentCluster = async ({ namespace, folder }: ClusterOptions): Promise<DemoCluster> => {
  const { facts, stop } = await useCurrentCluster(names)
  await refuseForeign(facts, namespace)
  const tokens = newTokens()
  const proxy = await startPeopleProxy(facts.kubeconfig, tokens)
  const inNamespace = async (path: string): Promise<string> => {
    await kubectl({ kubectl: facts.kubectl, kubeconfig: path }, [
      'config',
      'set-context',
      '--current',
      `--namespace=${namespace}`,
    ])
    return path
  }
  for (const name of names) await inNamespace(facts.people[name]?.kubeconfig ?? '')
  return {
    url: facts.url,
    kubeconfig: facts.kubeconfig,
    kubectl: facts.kubectl,
    people: forEveryone(name => facts.people[name]?.kubeconfig ?? ''),
    tokens,
    pids: {},
    serviceAccountKubeconfig: async (system, name) => {
      const args = ['create', 'token', name, '-n', system, `--duration=${TOKEN_SECONDS}s`]
      const token = (await kubectl(facts, args)).trim()
      const path = join(mkdtempSync(join(folder, 'sa-')), `${name}.kubeconfig`)
      const text = kubeconfigText({ url: proxy.url, ca: facts.ca, user: name, credential: { token } })
      writeFileSync(path, text, { mode: 0o600 })
      return path
    },
    claim: () => claimNamespace(facts, namespace),
    leave: async () => {
      await kubectl(facts, ['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=60s'])
    },
    stop: async () => {
      proxy.close()
      await stop()
    },
  }
}

const DEMO_LABEL = 'countersign.dev/demo'

/** Refuses to go on where the demo's namespace was made by somebody else. */
const refuseForeign = async (target: KubectlTarget, name: string): Promise<void> => {
  const text = await kubectl(target, ['get', 'namespace', name, '--ignore-not-found', '-o', 'json'])
  if (text.trim() === '') return
  const { metadata } = JSON.parse(text) as { metadata: { labels?: Record<string, string> } }
  if (metadata.labels?.[DEMO_LABEL] !== undefined) return
  throw new Error(
    `the current cluster has a namespace ${name} that is not the demo's; the demo needs that name: use another cluster, or delete it`,
  )
}

/** Creates the demo's namespace, anew where a demo that was killed left it. */
const claimNamespace = async (target: KubectlTarget, name: string): Promise<void> => {
  await kubectl(target, ['delete', 'namespace', name, '--ignore-not-found', '--timeout=120s'])
  await kubectl(target, ['create', 'namespace', name])
  await kubectl(target, ['label', 'namespace', name, `${DEMO_LABEL}=true`])
}
