import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPage, buildPlugins } from '../build.ts'
import { freePort } from '../controlplane/ports.ts'
import { kubectl } from '../manifests.ts'
import { createProcessGroup, type ProcessGroup, type ProcessSpec } from '../process.ts'
import { type DemoCluster, startDemoCluster } from './cluster.ts'
import { type Addresses, applyAgents, applyProject } from './examples.ts'
import { type KeptProcess, keepRunning } from './keep-running.ts'
import { type LandedMail, type Mailbox, startMailbox } from './mailbox.ts'
import { applySmtpSecret, type DemoSmtp, removeSmtpSecret } from './smtp.ts'

export const NAMESPACE = 'shop'
const SYSTEM_NAMESPACE = 'countersign-system'

export interface StackOptions {
  readonly useCurrentCluster?: boolean
  /** Where mail goes; undefined: to a mailbox of the demo. */
  readonly smtp?: DemoSmtp | undefined
  /** Told of each mail that landed in the demo's mailbox. */
  readonly onMail?: (mail: LandedMail) => void
  /** Told what is being done, a line each. */
  readonly progress: (line: string) => void
  /** Told when a process died and runs again, under another pid. */
  readonly onRestart?: (name: string) => void
}

/** Everything that the demo runs, and where it is. */
export interface Stack {
  readonly cluster: DemoCluster
  /** Folder with kubectl and the plugins. */
  readonly bin: string
  /** Folder of everything that belongs to this demo; gone when it has stopped. */
  readonly folder: string
  readonly gateway: string
  readonly metrics: { readonly operator: string; readonly gateway: string }
  readonly smtp: DemoSmtp
  /** The demo's own; undefined: mail goes elsewhere. */
  readonly mailbox: Mailbox | undefined
  /** URL of the example tool server. */
  readonly tools: string
  /** Folder of the Agents as they were applied here. */
  readonly agents: string
  pids(): Readonly<Record<string, number>>
  /** Kills the operator with SIGKILL: its pid, and that of the next one as soon as that is ready. */
  killOperator(): { readonly pid: number; readonly restarted: Promise<number> }
  /** Path of a log file. */
  log(name: 'operator' | 'gateway'): string
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../..')
const READY_MS = 120_000

/** Starts the whole stack: cluster, operator and gateway under their own ServiceAccounts, model and tools, project and agents. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-demo-'))
  const group = await createProcessGroup()
  group.removeAtEnd(folder)
  const stopping = new AbortController()
  let cluster: DemoCluster | undefined
  let mailbox: Mailbox | undefined
  const stop = async (): Promise<void> => {
    stopping.abort()
    if (cluster && options.useCurrentCluster) {
      await removeSmtpSecret(cluster, SYSTEM_NAMESPACE).catch(error => options.progress(String(error)))
    }
    await cluster?.leave().catch(error => options.progress(String(error)))
    await group.stop()
    await mailbox?.stop()
    await cluster?.stop()
  }
  try {
    const { progress } = options
    progress(
      options.useCurrentCluster
        ? 'Applying CRDs, policies and roles to the cluster of the current context'
        : 'Starting etcd, kube-apiserver and kube-controller-manager; applying CRDs, policies and roles',
    )
    if (options.smtp === undefined) {
      mailbox = await startMailbox(join(folder, 'mail'), mail => options.onMail?.(mail))
    }
    // The examples, the plugins and the page need no cluster.
    const [started, examples, bin] = await allOrFirstError([
      startDemoCluster({
        namespace: NAMESPACE,
        useCurrentCluster: options.useCurrentCluster ?? false,
        folder,
        onRestart: () => options.onRestart?.('kube-apiserver'),
      }).then(value => {
        cluster = value
        return value
      }),
      startExamples(group, folder),
      buildPlugins(join(folder, 'plugins')).then(plugins => plugins.bin),
      buildPage(join(root, 'dist')),
    ])
    symlinkSync(started.kubectl, join(bin, 'kubectl'))
    return await startOn(
      { cluster: started, group, folder, examples, bin, mailbox, stopping: stopping.signal, stop },
      options,
    )
  } catch (error) {
    await stop()
    throw error
  }
}

interface Begun {
  readonly cluster: DemoCluster
  readonly group: ProcessGroup
  readonly folder: string
  readonly examples: Addresses
  readonly bin: string
  readonly mailbox: Mailbox | undefined
  readonly stopping: AbortSignal
  readonly stop: () => Promise<void>
}

const startOn = async (begun: Begun, options: StackOptions): Promise<Stack> => {
  const { cluster, folder, examples, bin } = begun
  const { progress } = options
  progress('Starting operator and gateway, each under its own ServiceAccount')
  const ports = { operator: await freePort(), gateway: await freePort(), metrics: await freePort() }
  const gatewayURL = `http://127.0.0.1:${ports.gateway}`
  const smtp = options.smtp ?? smtpOf(begun.mailbox)
  const agents = join(folder, 'agents')
  const [operator, gateway] = await allOrFirstError([
    startService(begun, options, 'operator', ports.operator, [
      `--metrics-port=${ports.operator}`,
      '--allow-loopback',
      '--instance=demo',
      `--page-url=${gatewayURL}`,
    ]),
    startService(begun, options, 'gateway', ports.gateway, [
      `--port=${ports.gateway}`,
      `--metrics-port=${ports.metrics}`,
    ]),
    (async () => {
      await cluster.claim()
      await applySmtpSecret(cluster, SYSTEM_NAMESPACE, smtp)
      await applyProject(cluster, NAMESPACE)
      await applyAgents(cluster, examples, agents)
    })(),
  ])
  progress('Waiting until people have their rights and the agents have found their tools')
  await kubectl(cluster, [
    'wait',
    'projects,agents',
    '--all',
    '-n',
    NAMESPACE,
    '--for=condition=Ready',
    '--timeout=120s',
  ])
  progress('Everything runs')
  return {
    cluster,
    bin,
    folder,
    agents,
    gateway: gatewayURL,
    smtp,
    mailbox: begun.mailbox,
    metrics: {
      operator: `http://127.0.0.1:${ports.operator}/metrics`,
      gateway: `http://127.0.0.1:${ports.metrics}/metrics`,
    },
    tools: examples.tools,
    pids: () => ({ operator: operator.pid, gateway: gateway.pid, ...cluster.pids }),
    killOperator: () => {
      const { pid } = operator
      const restarted = operator.next()
      operator.kill('SIGKILL')
      return { pid, restarted }
    },
    log: name => logFile(folder, name),
    stop: begun.stop,
  }
}

const smtpOf = (mailbox: Mailbox | undefined): DemoSmtp => {
  if (mailbox === undefined) throw new Error('there is neither a mailbox nor another server for mail')
  const { hostname, port } = new URL(mailbox.url)
  return { url: mailbox.url, host: hostname, port: Number(port), folder: mailbox.folder }
}

const PROGRAMS = { operator: 'operator/main.ts', gateway: 'web/gateway/main.ts' } as const

/** Starts one of our own programs as its ServiceAccount; it is ready when `/readyz` on `port` says so. */
const startService = async (
  { cluster, group, folder, stopping }: Begun,
  options: StackOptions,
  name: keyof typeof PROGRAMS,
  port: number,
  flags: readonly string[],
): Promise<KeptProcess> => {
  const kubeconfig = await cluster.serviceAccountKubeconfig(SYSTEM_NAMESPACE, `countersign-${name}`)
  const args = [`--kubeconfig=${kubeconfig}`, '--host=127.0.0.1', ...flags]
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  return keepRunning(group, nodeProcess(folder, name, PROGRAMS[name], args, ready), {
    stopping,
    onRestart: () => options.onRestart?.(name),
    onFailure: message => options.progress(`${name} could not be started again, trying on: ${message}`),
  })
}

const startExamples = async (group: ProcessGroup, folder: string): Promise<Addresses> => {
  const listening = /listening on (http:\/\/\S+)/
  const start = async (name: string): Promise<string> => {
    await group.start(nodeProcess(folder, name, `examples/${name}/server.ts`, [], listening))
    return listening.exec(readFileSync(logFile(folder, name), 'utf8'))?.[1] ?? ''
  }
  const [model, tools] = await allOrFirstError([start('model-server'), start('order-tools')])
  return { model, tools }
}

const logFile = (folder: string, name: string): string => join(folder, `${name}.log`)

const nodeProcess = (
  folder: string,
  name: string,
  program: string,
  args: readonly string[],
  ready: NonNullable<ProcessSpec['ready']>,
): ProcessSpec => ({
  name,
  command: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', join(root, program), ...args],
  logFile: logFile(folder, name),
  ready,
  readyTimeoutMs: READY_MS,
})

/** As Promise.all, but everything has ended when it rejects: nothing is started behind the back of who cleans up. */
const allOrFirstError = async <T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> => {
  const results = await Promise.allSettled(promises)
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return results.map(result => (result.status === 'fulfilled' ? result.value : undefined)) as unknown as T
}
