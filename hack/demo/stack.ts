import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { buildPlugins } from '../build.ts'
import { kubectl } from '../manifests.ts'
import { createProcessGroup, type ProcessGroup, type SupervisedProcess } from '../process.ts'
import { type DemoCluster, PEOPLE, type Person, startDemoCluster } from './cluster.ts'

export const NAMESPACE = 'shop'
export const SYSTEM_NAMESPACE = 'countersign-system'

export interface StackOptions {
  readonly useCurrentCluster?: boolean
  /** Told what is being done, a line each. */
  readonly progress: (line: string) => void
  /** Told when the operator or the gateway died and runs again. */
  readonly onRestart?: (name: 'operator' | 'gateway') => void
}

/** Everything that the demo runs, and where it is. */
export interface Stack {
  readonly cluster: DemoCluster
  /** Folder with kubectl and the plugins. */
  readonly bin: string
  readonly folder: string
  readonly gateway: string
  readonly metrics: { readonly operator: string; readonly gateway: string }
  /** URLs of the example model and tool server. */
  readonly model: string
  readonly tools: string
  pids(): { operator: number; gateway: number }
  /** Log file by process name. */
  log(name: 'operator' | 'gateway' | 'model-server' | 'order-tools'): string
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../..')
const READY_MS = 60_000

/** Starts the whole stack: cluster, operator and gateway under their own ServiceAccounts, model and tools, project and agent. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-demo-'))
  const group = await createProcessGroup()
  group.removeAtEnd(folder)
  let cluster: DemoCluster | undefined
  try {
    options.progress('control plane: etcd, kube-apiserver, kube-controller-manager')
    cluster = await startDemoCluster({
      namespace: NAMESPACE,
      useCurrentCluster: options.useCurrentCluster ?? false,
      folder,
    })
    return await startOn(cluster, group, folder, options)
  } catch (error) {
    await group.stop()
    await cluster?.stop()
    throw error
  }
}

const startOn = async (
  cluster: DemoCluster,
  group: ProcessGroup,
  folder: string,
  options: StackOptions,
): Promise<Stack> => {
  options.progress('kubectl plugins')
  const { bin } = await buildPlugins(join(folder, 'plugins'))
  if (cluster.kubectl !== 'kubectl') symlinkSync(cluster.kubectl, join(bin, 'kubectl'))

  options.progress('example model server and order tools')
  const log = (name: string) => join(folder, `${name}.log`)
  const example = async (name: string, ready: RegExp): Promise<string> => {
    await group.start(nodeProcess(name, `examples/${name}/server.ts`, [], log(name), ready))
    return urlIn(log(name), ready)
  }
  const model = await example('model-server', /listening on (http:\/\/\S+)/)
  const tools = await example('order-tools', /listening on (http:\/\/\S+)/)

  options.progress('operator and gateway, each under its own ServiceAccount')
  const stopping = { yes: false }
  const ports = { operator: await freePort(), gateway: await freePort(), gatewayMetrics: await freePort() }
  const operator = await keepRunning(stopping, group, options, nodeProcess(
    'operator',
    'operator/main.ts',
    [
      `--kubeconfig=${await cluster.serviceAccountKubeconfig(SYSTEM_NAMESPACE, 'countersign-operator')}`,
      '--host=127.0.0.1',
      `--metrics-port=${ports.operator}`,
      '--allow-loopback',
      '--lease-seconds=3',
    ],
    log('operator'),
    () => answers(`http://127.0.0.1:${ports.operator}/readyz`),
  ))
  const gateway = await keepRunning(stopping, group, options, nodeProcess(
    'gateway',
    'web/gateway/main.ts',
    [
      `--kubeconfig=${await cluster.serviceAccountKubeconfig(SYSTEM_NAMESPACE, 'countersign-gateway')}`,
      '--host=127.0.0.1',
      `--port=${ports.gateway}`,
      `--metrics-port=${ports.gatewayMetrics}`,
    ],
    log('gateway'),
    () => answers(`http://127.0.0.1:${ports.gateway}/readyz`),
  ))

  options.progress(`namespace ${NAMESPACE}: project, roles, agent`)
  await applyExamples(cluster, { model, tools })

  return {
    cluster,
    bin,
    folder,
    gateway: `http://127.0.0.1:${ports.gateway}`,
    metrics: {
      operator: `http://127.0.0.1:${ports.operator}/metrics`,
      gateway: `http://127.0.0.1:${ports.gatewayMetrics}/metrics`,
    },
    model,
    tools,
    pids: () => ({ operator: operator.pid(), gateway: gateway.pid() }),
    log,
    stop: async () => {
      stopping.yes = true
      await group.stop()
      await cluster.stop()
    },
  }
}

const nodeProcess = (
  name: string,
  program: string,
  args: readonly string[],
  logFile: string,
  ready: RegExp | (() => Promise<boolean>),
) => ({
  name,
  command: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', join(root, program), ...args],
  logFile,
  ready,
  readyTimeoutMs: READY_MS,
})

const urlIn = (logFile: string, pattern: RegExp): string =>
  pattern.exec(readFileSync(logFile, 'utf8'))?.[1] ?? ''

const answers = async (url: string): Promise<boolean> => (await fetch(url)).ok

/** Starts a process, and starts it again when it dies, as a cluster would. */
const keepRunning = async (
  stopping: { readonly yes: boolean },
  group: ProcessGroup,
  options: StackOptions,
  spec: Parameters<ProcessGroup['start']>[0],
): Promise<{ pid(): number }> => {
  let current: SupervisedProcess = await group.start(spec)
  const watch = async (): Promise<void> => {
    for (;;) {
      await current.exited
      if (stopping.yes) return
      try {
        current = await group.start(spec)
        options.onRestart?.(spec.name as 'operator' | 'gateway')
      } catch (error) {
        if (stopping.yes) return
        options.progress(`${spec.name} could not be started again: ${error instanceof Error ? error.message : 'unknown'}`)
      }
    }
  }
  void watch()
  return { pid: () => current.pid }
}

/** A port that nobody listens on now. */
const freePort = async (): Promise<number> => (await import('../controlplane/ports.ts')).freePort()

const ROLE_NAMES = { Owner: 'countersign-owner', Admin: 'countersign-admin', Member: 'countersign-member' } as const

/** Project, RoleBindings and Agent of examples/shop, with the addresses that model and tools have here. */
const applyExamples = async (cluster: DemoCluster, urls: { model: string; tools: string }): Promise<void> => {
  const apply = (documents: readonly unknown[]) =>
    kubectl(
      cluster,
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      documents.map(document => stringify(document)).join('---\n'),
    )
  await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }])
  await apply([...documentsOf('project.yaml'), ...roleBindings()])
  await apply(documentsOf('agent.yaml').map(agent => withAddresses(agent, urls)))
}

const documentsOf = (name: string): unknown[] =>
  parseAllDocuments(readFileSync(join(root, 'examples/shop', name), 'utf8')).map(document => document.toJS())

/** Membership is Kubernetes RBAC; until the operator keeps these bindings itself, the demo applies them. */
const roleBindings = (): unknown[] =>
  (Object.keys(PEOPLE) as Person[]).flatMap(person => {
    const role = PEOPLE[person]
    if (role === null) return []
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: `${ROLE_NAMES[role]}-${person.split('@')[0]}`, namespace: NAMESPACE },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: ROLE_NAMES[role] },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: person }],
    }
  })

const withAddresses = (agent: unknown, urls: { model: string; tools: string }): unknown => {
  const { spec, ...rest } = agent as { spec: { model: object; toolsets: { mcp: object }[] } }
  return {
    ...rest,
    spec: {
      ...spec,
      model: { ...spec.model, baseURL: urls.model },
      toolsets: spec.toolsets.map(toolset => ({ ...toolset, mcp: { ...toolset.mcp, url: urls.tools } })),
    },
  }
}

/** Writes what outside tests need to know, atomically (design.md section 9). */
export const writeReadyFile = (path: string, stack: Stack): void => {
  const { cluster } = stack
  const content = {
    kubeconfig: cluster.kubeconfig,
    bin: stack.bin,
    namespace: NAMESPACE,
    gateway: stack.gateway,
    metrics: stack.metrics,
    pids: { ...stack.pids(), ...(cluster.pids ?? {}) },
    users: Object.fromEntries(
      (Object.keys(PEOPLE) as Person[]).map(person => [
        person,
        { token: cluster.tokens[person] ?? '', role: PEOPLE[person] },
      ]),
    ),
  }
  const temporary = `${path}.${randomUUID()}`
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}
