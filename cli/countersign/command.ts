import { randomUUID } from 'node:crypto'
import { visible } from '../../operator/policy/visible.ts'
import { type CommandEnvironment, usage } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { parse } from '../flags/parse.ts'
import { nearest } from '../text/nearest.ts'
import { canDecide } from './can-decide/command.ts'
import { FLAGS, type FlagName } from './flags.ts'
import { HELP, KEYS_HELP, NOTIFY_TEST_HELP } from './help.ts'
import { type Invocation, wrong } from './invocation.ts'
import { keys } from './keys/command.ts'
import { notifyTest } from './notify-test/command.ts'
import { whoami } from './whoami/command.ts'

interface Command {
  readonly run: (invocation: Invocation) => Promise<ExitCode>
  readonly flags: readonly FlagName[]
  readonly help: string
}

const COMMANDS: Readonly<Record<string, Command>> = {
  whoami: { run: whoami, flags: ['output'], help: HELP },
  'can-decide': { run: canDecide, flags: ['output'], help: HELP },
  'notify-test': {
    run: invocation => notifyTest(invocation, randomUUID),
    flags: ['output', 'email', 'timeout'],
    help: NOTIFY_TEST_HELP,
  },
  keys: {
    run: keys,
    flags: ['output', 'name', 'expires', 'read-only', 'agents', 'gateway', 'gateway-ca', 'insecure-http'],
    help: KEYS_HELP,
  },
}

/** `kubectl countersign`. */
export async function countersignCommand(
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<ExitCode> {
  const { io } = environment
  const parsed = parse(argv, FLAGS)
  if (parsed.kind === 'Usage') return wrong({ environment }, parsed.message)
  const { flags, names } = parsed
  const asked = names[0] === 'help'
  const [name, ...args] = asked ? names.slice(1) : names
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (name !== undefined && !command) {
    const near = nearest(name, [...Object.keys(COMMANDS), 'help'])
    return wrong(
      { environment },
      `There is no command ${visible(name)}.${near ? ` Did you mean ${near}?` : ''}`,
    )
  }
  if (flags.help || asked || !command) {
    io.out(command?.help ?? HELP)
    return EXIT.done
  }
  const stranger = (Object.keys(flags) as FlagName[]).find(flag => !command.flags.includes(flag))
  if (stranger !== undefined) {
    io.err(usage(`kubectl countersign ${name} takes no --${stranger}.`, 'kubectl countersign'))
    return EXIT.usage
  }
  return command.run({
    args,
    flags,
    namespace: parsed.namespace,
    kubectlFlags: parsed.kubectl,
    environment,
  })
}
