import type { Io } from './io.ts'
import { createKubectl, type Kubectl } from './kubectl/kubectl.ts'

/** What a command gets to work with. */
export interface CommandEnvironment {
  readonly io: Io
  readonly env: Readonly<Record<string, string | undefined>>
}

/** kubectl with the flags that the person typed. */
export const kubectlFor = ({ io, env }: CommandEnvironment, flags: readonly string[]): Kubectl =>
  createKubectl({ program: env.KUBECTL || 'kubectl', flags, say: text => io.err(text) })

/** The namespace that kubectl would use: the one typed, or that of the context. */
export async function namespaceOf(kubectl: Kubectl, typed: string | undefined): Promise<string> {
  if (typed) return typed
  const answer = await kubectl(['config', 'view', '--minify', '-o=jsonpath={..namespace}'], { silent: true })
  return (answer.code === 0 && answer.stdout.trim()) || 'default'
}

/** A usage error as it is printed. */
export const usage = (message: string, command: string): string => `${message}\nSee: ${command} --help\n`
