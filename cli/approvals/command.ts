import { visible } from '../../operator/policy/visible.ts'
import { type CommandEnvironment, kubectlFor, namespaceOf, usage } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { parse, requestNames } from '../flags/parse.ts'
import { APPROVALS_HELP } from '../help.ts'
import { type Refusal, refusalOf } from '../kubectl/refusal.ts'
import { listRequests, REQUESTS, type Selection, selectors } from '../requests/read.ts'
import { painter } from '../text/paint.ts'
import { table } from '../text/table.ts'
import { describeNamed } from './detail.ts'
import { watchCommand } from './live.ts'
import { byUrgency, requestTable } from './rows.ts'

const FLAGS = {
  'all-namespaces': { type: 'boolean', short: 'A' },
  all: { type: 'boolean' },
  agent: { type: 'string' },
  watch: { type: 'boolean', short: 'w' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const

const RAW_FORMATS = ['json', 'yaml', 'name']

/** `kubectl approvals`. */
export async function approvalsCommand(
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { io } = environment
  const wrong = (message: string): ExitCode => {
    io.err(usage(message, 'kubectl approvals'))
    return EXIT.usage
  }
  const parsed = parse(argv, FLAGS)
  if (parsed.kind === 'Usage') return wrong(parsed.message)
  const { flags, namespace } = parsed
  if (flags.help) {
    io.out(APPROVALS_HELP)
    return EXIT.done
  }
  const { output, agent, watch = false } = flags
  const { names, wrong: noName } = requestNames(parsed.names)
  if (noName !== undefined)
    return wrong(`${visible(JSON.stringify(noName))} cannot be the name of a request.`)
  if (output !== undefined && output !== 'wide' && !RAW_FORMATS.includes(output)) {
    return wrong(`There is no output format ${visible(output)}: json, yaml, name or wide.`)
  }
  if (agent !== undefined && requestNames([agent]).wrong !== undefined) {
    return wrong(`${visible(JSON.stringify(agent))} cannot be the name of an agent.`)
  }
  const selection: Selection = {
    all: flags.all ?? false,
    agent,
    allNamespaces: flags['all-namespaces'] ?? false,
  }
  if (names.length > 0 && (watch || agent !== undefined || selection.allNamespaces)) {
    return wrong('A name goes without -w, -A and --agent.')
  }
  if (watch && output !== undefined && output !== 'wide') {
    return wrong(`-w has no -o ${output}; for a stream: kubectl get approvalrequests -w -o ${output}`)
  }
  const kubectl = kubectlFor(environment, parsed.kubectl)

  if (output !== undefined && output !== 'wide') {
    // kubectl's own formats come from kubectl, byte for byte.
    const what = names.length > 0 ? names : selectors(selection)
    const answer = await kubectl(['get', REQUESTS, ...what, `-o=${output}`], {
      onOutput: text => io.out(text),
    })
    return answer.code === 0 ? EXIT.done : refuse(environment, refusalOf(answer.stderr))
  }
  if (names.length > 0) return describeNamed(kubectl, environment, names, namespace)
  if (watch) return watchCommand(kubectl, environment, selection, namespace, output === 'wide')

  const read = await listRequests(kubectl, selection)
  if (read.kind === 'Refused') {
    return refuse(
      environment,
      await withAdvice(read.refusal, selection, () => namespaceOf(kubectl, namespace)),
    )
  }
  if (read.value.length === 0) {
    io.out(emptyText(selection, selection.allNamespaces ? '' : await namespaceOf(kubectl, namespace)))
    return EXIT.done
  }
  const columns = {
    namespace: selection.allNamespaces,
    phase: selection.all,
    wide: output === 'wide',
    fit: fitOf(io),
  }
  io.out(requestTable(read.value.toSorted(byUrgency), columns, io.now(), painter(io.colour)))
  return EXIT.done
}

/** Whoever reads a pipe wants the whole line. */
const fitOf = (io: CommandEnvironment['io']): number | undefined =>
  io.stdoutIsTerminal ? io.size().columns : undefined

function refuse({ io }: CommandEnvironment, refusal: Refusal): ExitCode {
  io.err(`${refusal.message}\n`)
  return refusal.code
}

async function withAdvice(
  refusal: Refusal,
  { allNamespaces }: Selection,
  namespace: () => Promise<string>,
): Promise<Refusal> {
  if (refusal.kind !== 'Forbidden') return refusal
  const advice = allNamespaces
    ? 'Look in one: kubectl approvals -n NAMESPACE'
    : `Ask an owner of the project ${await namespace()} to make you a member; for another project add -n NAMESPACE.`
  return { ...refusal, message: `${refusal.message} ${advice}` }
}

/** What is said when there is nothing to show. */
export function emptyText({ all, agent, allNamespaces }: Selection, namespace: string): string {
  const of = agent === undefined ? '' : ` of agent ${agent}`
  const where = allNamespaces ? 'in any namespace' : `in namespace ${namespace}`
  if (all) return `There are no approval requests${of} ${where}.\n`
  const here = allNamespaces ? '-A' : `-n ${namespace}`
  const hints = [
    [`  kubectl approvals ${here} -w`, 'wait for one'],
    ...(allNamespaces ? [] : [['  kubectl approvals -A', 'look in all namespaces']]),
    [`  kubectl approvals ${here} --all`, 'see those that are settled'],
  ]
  return `No approvals${of} are pending ${where}.\n${table(hints[0] ?? [], hints.slice(1))}`
}
