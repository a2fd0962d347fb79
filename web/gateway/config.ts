import { parseArgs } from 'node:util'

/** How the gateway's process is set up. */
export interface Config {
  /** Address to listen on. */
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly metricsPort: number
  /** Path of a kubeconfig; absent: as kubectl finds it, or the pod's ServiceAccount. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly logLevel: string
  /** Seconds between "not ready" and the end of listening, for load balancers to notice. */
  readonly drainSeconds: number
}

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'metrics-port': { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'log-level': { type: 'string' },
  'drain-seconds': { type: 'string' },
} as const

/**
 * Reads flags, and where one is not given the environment variable `COUNTERSIGN_<FLAG>` (`--metrics-port`:
 * `COUNTERSIGN_METRICS_PORT`). Throws an `Error` that names the flag.
 */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const { values } = parseArgs({ args: [...args], options: flags, strict: true })
  const value = (flag: keyof typeof flags): string | undefined =>
    values[flag] ?? env[`COUNTERSIGN_${flag.replaceAll('-', '_').toUpperCase()}`]
  const number = (flag: keyof typeof flags, fallback: number, max: number): number => {
    const text = value(flag)
    if (text === undefined) return fallback
    if (!/^\d{1,5}$/.test(text) || Number(text) > max) {
      throw new Error(`--${flag}: not a whole number from 0 to ${max}`)
    }
    return Number(text)
  }
  const logLevel = value('log-level') ?? 'info'
  if (!['debug', 'info', 'warn', 'error'].includes(logLevel)) {
    throw new Error('--log-level: not one of debug, info, warn, error')
  }
  const [kubeconfig, context] = [value('kubeconfig'), value('context')]
  return {
    host: value('host') ?? '127.0.0.1',
    port: number('port', 8080, 65_535),
    metricsPort: number('metrics-port', 9090, 65_535),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    logLevel,
    drainSeconds: number('drain-seconds', 0, 300),
  }
}
