import { visible } from '../../operator/policy/visible.ts'
import { type CommandEnvironment, kubectlFor, usage } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { FlagValues } from '../flags/parse.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import type { Refusal } from '../kubectl/refusal.ts'
import type { FLAGS } from './flags.ts'

/** A command line that was read: what a command of `kubectl countersign` gets to work with. */
export interface Invocation {
  /** What stands after the command. */
  readonly args: readonly string[]
  readonly flags: FlagValues<typeof FLAGS>
  /** Value of `-n`. */
  readonly namespace: string | undefined
  /** Flags for kubectl, each as `--name=value`. */
  readonly kubectlFlags: readonly string[]
  readonly environment: CommandEnvironment
}

export const kubectlOf = ({ environment, kubectlFlags }: Invocation): Kubectl =>
  kubectlFor(environment, kubectlFlags)

/** Says that the command line is wrong. */
export function wrong({ environment }: Pick<Invocation, 'environment'>, message: string): ExitCode {
  environment.io.err(usage(message, 'kubectl countersign'))
  return EXIT.usage
}

export function refuse({ environment }: Invocation, refusal: Pick<Refusal, 'message' | 'code'>): ExitCode {
  environment.io.err(`${refusal.message}\n`)
  return refusal.code
}

/** Whether JSON is wanted, or undefined for a format that there is not, which is then said. */
export function wantsJson(invocation: Invocation): boolean | undefined {
  const { output } = invocation.flags
  if (output === undefined || output === 'json') return output === 'json'
  wrong(invocation, `There is no output format ${visible(output)}: json.`)
  return undefined
}

export const printJson = ({ environment }: Invocation, value: unknown): void =>
  environment.io.out(`${JSON.stringify(value, null, 2)}\n`)
