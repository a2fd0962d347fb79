import { parseArgs } from 'node:util'
import type { SlotLimits } from './controllers/agentrun/slots.ts'
import type { ImpersonationMode } from './controllers/people/controller.ts'
import { type AllowedRanges, parseAllowedRanges } from './egress/webhook-addresses.ts'

/** Requests to the API server at once: enough for some hundred a second, few enough that what is urgent is soon next. */
export const API_CONNECTIONS = 16

/** How an operator process was asked to run. */
export interface OperatorOptions {
  /** Path of a kubeconfig; undefined: `$KUBECONFIG`, `~/.kube/config`, or the pod's ServiceAccount. */
  readonly kubeconfig: string | undefined
  /** Where the operator's own objects live: its lease, its keys, its canary. */
  readonly namespace: string
  /** The one namespace whose agents are run; undefined: all of them. */
  readonly watchNamespace: string | undefined
  /** Address that health and metrics are served on. */
  readonly host: string
  /** Port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one. */
  readonly metricsPort: number
  /** Whether models, toolsets and webhooks may be on loopback. For demo and tests: in a cluster it would reach the operator's own pod. */
  readonly allowLoopback: boolean
  /** Seconds that an answer of a model may take. */
  readonly modelTimeoutSeconds: number
  /** How much may be under way in the outside world at once. */
  readonly limits: SlotLimits
  /** Seconds that tools under way are waited for when the process is asked to stop. */
  readonly graceSeconds: number
  /** Whether one of several operators is elected; off only where there is just one by construction. */
  readonly leaderElection: boolean
  /**
   * How the API server limits as whom the gateway may act; `auto`: by its version. `off`: another operator keeps the
   * ClusterRole that says so.
   */
  readonly impersonation: ImpersonationMode | 'off'
  /**
   * Name of the place that this process runs in, where never more than one does (a pod's): it takes the lease of the
   * one that ran there before at once. Undefined: no such place is known.
   */
  readonly instance: string | undefined
  /** Seconds within which another operator takes over from one that crashed. */
  readonly leaseSeconds: number
  /** Where people reach the page, without a slash at its end, for links in messages; undefined: messages have none. */
  readonly pageURL: string | undefined
  /** Name of the Secret, in the operator's own namespace, that says how mail is sent. */
  readonly smtpSecret: string
  /** Ranges of private addresses that webhooks may be in. */
  readonly allowWebhookAddresses: AllowedRanges
  readonly logLevel: string
}

const USAGE = `Usage: operator [flags]
  --kubeconfig FILE          default: $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount
  --namespace NAME           the operator's own namespace (default countersign-system)
  --watch-namespace NAME     run the agents of this namespace only (default: of all)
  --host ADDRESS             where health and metrics are served (default 0.0.0.0)
  --metrics-port PORT        /healthz, /readyz, /metrics (default 8081; 0 takes a free port)
  --allow-loopback           models, toolsets and webhooks may be on loopback (demo and tests)
  --model-timeout-seconds N  how long an answer of a model may take (default 300)
  --max-concurrent-per-project N  questions to models and calls of tools that one project may have under way at once;
                             more wait in line (default 128). Some may have more or fewer: 128,acme=16,shop=256
  --max-concurrent-per-model N    questions that one model may be asked at once (default 32)
  --max-concurrent-per-toolset N  calls that one tool server may get at once (default 32)
  --grace-seconds N          how long tools under way are waited for at a stop (default 25)
  --leader-election=false    where there is just one operator by construction
  --impersonation HOW        as whom the gateway may act: constrained (Kubernetes 1.36), legacy, auto (default: by the
                             version of the API server), off (another operator keeps that role)
  --instance NAME            where this runs, if never more than one does there: takes over from its predecessor at
                             once (default $POD_NAME)
  --lease-seconds N          how long it takes at most until another operator takes over from one that crashed
                             (default 15)
  --page-url URL             where people reach the page: messages link to it (default: messages have no link)
  --smtp-secret NAME         the Secret in the operator's own namespace that says how mail is sent (default
                             countersign-smtp)
  --allow-webhook-addresses  ranges of private addresses that webhooks may be in, as 10.1.0.0/16,fd00:1::/64
                             (default: none)
  --log-level LEVEL          debug, info, warn, error (default info)`

/** Reads the flags; throws an Error whose message says how they are written. */
export const parseOptions = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OperatorOptions => {
  const { values } = parse(args)
  return {
    kubeconfig: values.kubeconfig,
    namespace: values.namespace ?? 'countersign-system',
    watchNamespace: values['watch-namespace'],
    host: values.host ?? '0.0.0.0',
    metricsPort: wholeNumber('metrics-port', values['metrics-port'] ?? '8081', 0, 65_535),
    allowLoopback: values['allow-loopback'] ?? false,
    modelTimeoutSeconds: wholeNumber(
      'model-timeout-seconds',
      values['model-timeout-seconds'] ?? '300',
      1,
      3600,
    ),
    limits: {
      ...projectLimits(values['max-concurrent-per-project'] ?? ''),
      perModel: limitOf('max-concurrent-per-model', values, 32),
      perToolset: limitOf('max-concurrent-per-toolset', values, 32),
    },
    graceSeconds: wholeNumber('grace-seconds', values['grace-seconds'] ?? '25', 0, 3600),
    leaderElection: (values['leader-election'] ?? 'true') !== 'false',
    impersonation: oneOf('impersonation', values.impersonation ?? 'auto', IMPERSONATION),
    instance: values.instance ?? env.POD_NAME,
    leaseSeconds: wholeNumber('lease-seconds', values['lease-seconds'] ?? '15', 2, 600),
    pageURL: pageURL(values['page-url']),
    smtpSecret: values['smtp-secret'] ?? 'countersign-smtp',
    allowWebhookAddresses: webhookRanges(values['allow-webhook-addresses'] ?? ''),
    logLevel: values['log-level'] ?? 'info',
  }
}

const PER_PROJECT = 'max-concurrent-per-project'

/** `128,acme=16`: that of every project, then those that differ; either may be missing. */
const projectLimits = (text: string): Pick<SlotLimits, 'perProject' | 'projects'> => {
  let perProject = 128
  const projects = new Map<string, number>()
  for (const [index, part] of (text === '' ? [] : text.split(',')).entries()) {
    const [, name, value = ''] = /^(?:(.*)=)?(.*)$/s.exec(part.trim()) ?? []
    const limit = wholeNumber(PER_PROJECT, value, 1, 100_000)
    if (name === undefined && index > 0)
      throw new Error(
        `--${PER_PROJECT} wants one number for every project, before those of some, as 128,acme=16`,
      )
    if (name === undefined) perProject = limit
    else if (!PROJECT_NAME.test(name))
      throw new Error(`--${PER_PROJECT} wants the name of a project before =, not ${JSON.stringify(name)}`)
    else if (projects.has(name)) throw new Error(`--${PER_PROJECT} names ${name} twice`)
    else projects.set(name, limit)
  }
  return { perProject, projects }
}

/** A namespace's. */
const PROJECT_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

const limitOf = <T extends string>(
  name: T,
  values: { readonly [key in T]?: string | undefined },
  otherwise: number,
): number => wholeNumber(name, values[name] ?? String(otherwise), 1, 100_000)

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kubeconfig: { type: 'string' },
        namespace: { type: 'string' },
        'watch-namespace': { type: 'string' },
        host: { type: 'string' },
        'metrics-port': { type: 'string' },
        'allow-loopback': { type: 'boolean' },
        'model-timeout-seconds': { type: 'string' },
        'max-concurrent-per-project': { type: 'string' },
        'max-concurrent-per-model': { type: 'string' },
        'max-concurrent-per-toolset': { type: 'string' },
        'grace-seconds': { type: 'string' },
        'leader-election': { type: 'string' },
        impersonation: { type: 'string' },
        instance: { type: 'string' },
        'lease-seconds': { type: 'string' },
        'page-url': { type: 'string' },
        'smtp-secret': { type: 'string' },
        'allow-webhook-addresses': { type: 'string' },
        'log-level': { type: 'string' },
      },
    })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : 'bad flags'}\n${USAGE}`, { cause: error })
  }
}

const webhookRanges = (text: string): AllowedRanges => {
  try {
    return parseAllowedRanges(text)
  } catch (error) {
    throw new Error(`--allow-webhook-addresses: ${error instanceof Error ? error.message : 'is wrong'}`, {
      cause: error,
    })
  }
}

const pageURL = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const wrong =
    !url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash
  if (wrong)
    throw new Error(
      `--page-url wants an address like https://countersign.example.com, not ${JSON.stringify(text)}`,
    )
  return url.href.replace(/\/+$/, '')
}

const IMPERSONATION = ['auto', 'constrained', 'legacy', 'off'] as const

const oneOf = <T extends string>(name: string, text: string, values: readonly T[]): T => {
  const value = values.find(one => one === text)
  if (value !== undefined) return value
  throw new Error(`--${name} wants one of ${values.join(', ')}, not ${JSON.stringify(text)}`)
}

const wholeNumber = (name: string, text: string, least: number, most: number): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`--${name} wants a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`)
}
