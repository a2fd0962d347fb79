import { parseArgs } from 'node:util'
import { networks } from './http/client-address.ts'
import { defaultLimits, type LimitOptions } from './limits/options.ts'
import { defaultTimes, type SessionTimes } from './sessions/session.ts'

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
  readonly limits: LimitOptions
  readonly sessions: SessionTimes
}

// A day. Who is signed in for longer is not asked for the credential any more.
const maxSessionMinutes = 24 * 60

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  'metrics-port': { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'log-level': { type: 'string' },
  'drain-seconds': { type: 'string' },
  'requests-per-second': { type: 'string' },
  'request-burst': { type: 'string' },
  'open-requests': { type: 'string' },
  'open-waits': { type: 'string' },
  'failures-per-minute': { type: 'string' },
  'failure-burst': { type: 'string' },
  'anonymous-requests-per-second': { type: 'string' },
  connections: { type: 'string' },
  'connections-per-address': { type: 'string' },
  'trusted-proxies': { type: 'string' },
  hsts: { type: 'string' },
  'session-minutes': { type: 'string' },
  'session-idle-minutes': { type: 'string' },
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
  const number = (flag: keyof typeof flags, fallback: number, max: number, min = 0): number => {
    const text = value(flag)
    if (text === undefined) return fallback
    if (!/^\d{1,6}$/.test(text) || Number(text) > max || Number(text) < min) {
      throw new Error(`--${flag}: not a whole number from ${min} to ${max}`)
    }
    return Number(text)
  }
  const logLevel = value('log-level') ?? 'info'
  if (!['debug', 'info', 'warn', 'error'].includes(logLevel)) {
    throw new Error('--log-level: not one of debug, info, warn, error')
  }
  const count = (flag: keyof typeof flags, fallback: number) => number(flag, fallback, 100_000, 1)
  const minutes = (flag: keyof typeof flags, fallbackMs: number) =>
    number(flag, fallbackMs / 60_000, maxSessionMinutes, 1) * 60_000
  const [kubeconfig, context] = [value('kubeconfig'), value('context')]
  return {
    host: value('host') ?? '127.0.0.1',
    port: number('port', 8080, 65_535),
    metricsPort: number('metrics-port', 9090, 65_535),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    logLevel,
    drainSeconds: number('drain-seconds', 0, 300),
    limits: {
      ...defaultLimits,
      requestsPerSecond: count('requests-per-second', defaultLimits.requestsPerSecond),
      requestBurst: count('request-burst', defaultLimits.requestBurst),
      openRequests: count('open-requests', defaultLimits.openRequests),
      openWaits: count('open-waits', defaultLimits.openWaits),
      failuresPerMinute: count('failures-per-minute', defaultLimits.failuresPerMinute),
      failureBurst: count('failure-burst', defaultLimits.failureBurst),
      anonymousPerSecond: count('anonymous-requests-per-second', defaultLimits.anonymousPerSecond),
      connections: count('connections', defaultLimits.connections),
      connectionsPerAddress: count('connections-per-address', defaultLimits.connectionsPerAddress),
      trustedProxies: proxies(value('trusted-proxies') ?? ''),
      hsts: yesOrNo('hsts', value('hsts') ?? 'false'),
    },
    sessions: {
      lifeMs: minutes('session-minutes', defaultTimes.lifeMs),
      idleMs: minutes('session-idle-minutes', defaultTimes.idleMs),
    },
  }
}

/** Addresses and networks, separated by commas. */
function proxies(text: string): readonly string[] {
  const cidrs = text.split(',').flatMap(part => part.trim() || [])
  try {
    networks(cidrs)
  } catch (error) {
    throw new Error(`--trusted-proxies: ${(error as Error).message}`)
  }
  return cidrs
}

function yesOrNo(flag: keyof typeof flags, text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error(`--${flag}: not true or false`)
  return text === 'true'
}
