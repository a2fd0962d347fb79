import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { visible } from '../../operator/policy/visible.ts'
import { type CommandEnvironment, kubectlFor, namespaceOf, usage } from '../command.ts'
import { EXIT, type ExitCode, worst } from '../exit-codes.ts'
import { parse, requestNames } from '../flags/parse.ts'
import { APPROVE_HELP, REJECT_HELP } from '../help.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import type { Refusal } from '../kubectl/refusal.ts'
import { askWhoBeside, type Person } from '../requests/person.ts'
import { fullName, listRequests, readRequests } from '../requests/read.ts'
import { decide, type Intent, whomToAsk } from './decide.ts'
import type { Outcome } from './judge.ts'
import { pendingHint, pick } from './picker.ts'
import { type Verdict, WORDS } from './verdict.ts'

const FLAGS = {
  reason: { type: 'string' },
  digest: { type: 'string' },
  wait: { type: 'boolean' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  help: { type: 'boolean', short: 'h' },
} as const

const WAIT_MS = 10_000
const MAX_REASON = 4096
const AT_ONCE = 4

/** `kubectl approve` and `kubectl reject`. */
export async function decideCommand(
  verdict: Verdict,
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { io } = environment
  const { command } = WORDS[verdict]
  const wrong = (message: string): ExitCode => {
    io.err(usage(message, command))
    return EXIT.usage
  }
  const parsed = parse(argv, FLAGS)
  if (parsed.kind === 'Usage') return wrong(parsed.message)
  const { flags } = parsed
  if (flags.help) {
    io.out(verdict === 'Approve' ? APPROVE_HELP : REJECT_HELP)
    return EXIT.done
  }
  const { names, wrong: noName } = requestNames(parsed.names)
  if (noName !== undefined)
    return wrong(`${visible(JSON.stringify(noName))} cannot be the name of a request.`)
  const reason = flags.reason?.trim()
  if (flags.reason !== undefined && !reason) return wrong('The reason is empty.')
  if (reason && Array.from(reason).length > MAX_REASON) {
    return wrong(`The reason is longer than ${MAX_REASON} characters.`)
  }
  if (verdict === 'Reject' && !reason && (names.length > 0 || !io.interactive)) {
    return wrong("A rejection needs a reason, which the agent is told: --reason '...'")
  }
  if (flags.digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(flags.digest)) {
    return wrong('A digest is sha256: and 64 hex digits, as kubectl approvals NAME shows it.')
  }
  if (flags.digest !== undefined && names.length !== 1) return wrong('--digest goes with exactly one name.')
  if (flags['all-namespaces'] && names.length > 0)
    return wrong('-A goes without names: a name belongs to a namespace.')

  const kubectl = kubectlFor(environment, parsed.kubectl)
  const intent: Intent = { verdict, reason, digest: flags.digest, waitMs: flags.wait === false ? 0 : WAIT_MS }
  if (names.length > 0) return decideNamed(kubectl, environment, names, intent, parsed.namespace)

  const selection = { all: false, allNamespaces: flags['all-namespaces'] ?? false }
  if (!io.interactive) {
    const pending = await listRequests(kubectl, selection)
    const hint = pending.kind === 'Ok' ? pendingHint(pending.value, io.now()) : ''
    return wrong(`${command} needs the name of a request.${hint}`)
  }
  const [pending, person] = await askWhoBeside(kubectl, listRequests(kubectl, selection))
  if (pending.kind === 'Refused') return refuse(environment, pending.refusal)
  if (person.kind === 'Refused') return refuse(environment, person.refusal)
  if (pending.value.length === 0) {
    const where = selection.allNamespaces
      ? 'in any namespace'
      : `in namespace ${await namespaceOf(kubectl, parsed.namespace)}`
    io.out(`No approvals are pending ${where}.\n`)
    return EXIT.notFound
  }
  const picked = await pick(io, pending.value, selection.allNamespaces, intent)
  if (!picked) {
    io.out('Nothing was decided.\n')
    return EXIT.failed
  }
  return decideAll(kubectl, environment, [picked.request], person.value, { ...intent, reason: picked.reason })
}

async function decideNamed(
  kubectl: Kubectl,
  environment: CommandEnvironment,
  names: readonly string[],
  intent: Intent,
  typedNamespace: string | undefined,
): Promise<ExitCode> {
  const { io } = environment
  const [read, person] = await askWhoBeside(kubectl, readRequests(kubectl, names))
  if (read.kind === 'Refused') {
    const ask =
      read.refusal.kind === 'Forbidden'
        ? ` ${await whomToAsk(kubectl, await namespaceOf(kubectl, typedNamespace), names[0] ?? '')}`
        : ''
    return refuse(environment, { ...read.refusal, message: read.refusal.message + ask })
  }
  if (person.kind === 'Refused') return refuse(environment, person.refusal)
  const found = new Map(read.value.map(request => [request.metadata.name, request]))
  const missing = names.filter(name => !found.has(name))
  const requests = names.flatMap(name => found.get(name) ?? [])
  const code = await decideAll(kubectl, environment, requests, person.value, intent)
  if (missing.length === 0) return code
  const namespace = requests[0]?.metadata.namespace ?? (await namespaceOf(kubectl, typedNamespace))
  for (const name of missing) {
    io.err(
      `There is no approval request ${name} in namespace ${namespace}. What waits: kubectl approvals -n ${namespace}\n`,
    )
  }
  return worst([code, EXIT.notFound])
}

/** Decides each by itself, a few at a time, and prints a line for each, in order. */
async function decideAll(
  kubectl: Kubectl,
  { io }: CommandEnvironment,
  requests: readonly ApprovalRequest[],
  person: Person,
  intent: Intent,
): Promise<ExitCode> {
  const outcomes: Promise<Outcome>[] = []
  for (const [i, request] of requests.entries()) {
    const turn = outcomes[i - AT_ONCE]
    const attempt = async (): Promise<Outcome> => {
      await turn
      return decide(kubectl, io, request, person, intent)
    }
    outcomes.push(attempt())
  }
  const codes: ExitCode[] = []
  for (const [i, promise] of outcomes.entries()) {
    const { code, text } = await promise
    const say = code === EXIT.done ? io.out : io.err
    say(`${fullName(requests[i]?.metadata.name ?? '')} ${text}\n`)
    codes.push(code)
  }
  return worst(codes)
}

function refuse({ io }: CommandEnvironment, refusal: Refusal): ExitCode {
  io.err(`${refusal.message}\n`)
  return refusal.code
}
