import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type KubectlTarget, kubectl } from '../../hack/manifests.ts'

const root = join(import.meta.dirname, '../..')

/** The real operator process. */
export interface OperatorProcess {
  readonly pid: number
  /** Resolves when it is gone, with the signal that ended it; null: it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>
  /** What it logged so far. */
  log(): string
  /** Its metrics, as they are served. */
  metrics(): Promise<string>
  kill(): Promise<void>
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<void>
}

/** What a test does to the process beside its flags. */
export interface SpawnOptions {
  /** Modules that are loaded before it. */
  readonly preload?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Resolves when the process leads; `false`: as soon as it serves its health. Default true. */
  readonly untilLeading?: boolean
}

/**
 * The real operator process, for tests that kill it. It logs to standard error when `COUNTERSIGN_TEST_LOG` is set.
 * @param namespace the one that it looks at; undefined: all of them, in a cluster that no other test uses
 */
export const spawnOperator = async (
  namespace: string | undefined,
  kubeconfig: string,
  flags: readonly string[] = [],
  { preload = [], env = {}, untilLeading = true }: SpawnOptions = {},
): Promise<OperatorProcess> => {
  const child = spawn(
    process.execPath,
    [
      ...preload.map(module => `--import=${pathToFileURL(join(root, module))}`),
      'operator/main.ts',
      `--kubeconfig=${kubeconfig}`,
      ...(namespace === undefined ? [] : [`--watch-namespace=${namespace}`]),
      '--host=127.0.0.1',
      '--metrics-port=0',
      '--allow-loopback',
      '--lease-seconds=15',
      `--instance=${namespace ?? 'all'}`,
      ...flags,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  )
  const exited = once(child, 'exit')
  let seen = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        seen += chunk
        if (process.env.COUNTERSIGN_TEST_LOG) process.stderr.write(chunk)
        if (seen.includes(untilLeading ? 'started leading' : 'serving health and metrics')) resolve()
      })
    }
    void exited.then(() => reject(new Error(`the operator ended: ${seen}`)))
  })
  const end = (signal: 'SIGKILL' | 'SIGTERM') => async () => {
    child.kill(signal)
    await exited
  }
  const { pid } = child
  if (pid === undefined) throw new Error('the operator has no pid')
  return {
    pid,
    ended: exited.then(() => child.signalCode),
    log: () => seen,
    metrics: async () => {
      const { url } = JSON.parse(/.*serving health and metrics.*/.exec(seen)?.[0] ?? '{}') as { url: string }
      return (await fetch(`${url}/metrics`)).text()
    },
    kill: end('SIGKILL'),
    stop: end('SIGTERM'),
  }
}

/** A kubeconfig, written into `folder`, with a token of the operator's own ServiceAccount. */
export const operatorKubeconfig = async (folder: string, target: KubectlTarget): Promise<string> => {
  const token = (
    await kubectl(target, [
      'create',
      'token',
      'countersign-operator',
      '-n',
      'countersign-system',
      '--duration=24h',
    ])
  ).trim()
  const config = JSON.parse(readFileSync(target.kubeconfig, 'utf8'))
  config.users[0].user = { token }
  const path = join(folder, 'operator.kubeconfig')
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}
