import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Person } from './cluster.ts'
import type { Stack } from './stack.ts'

/** Who types: a person, or whoever administers the cluster. */
export type Typist = Person | 'admin'

/**
 * What a shell needs to be somebody's: their kubeconfig, and kubectl with its plugins first on the PATH. kubectl's
 * cache is one of the demo's own, as it goes by the server's address, which an earlier demo may have had.
 */
export const personEnv = (stack: Stack, who: Typist): Readonly<Record<string, string>> => ({
  PATH: `${stack.bin}:${process.env.PATH}`,
  KUBECONFIG: who === 'admin' ? stack.cluster.kubeconfig : stack.cluster.people[who],
  KUBECACHEDIR: join(stack.folder, 'kubectl-cache'),
})

/** Writes a file to be sourced that makes a shell this person's, and returns its path. */
export const shellFor = (stack: Stack, person: Person): string => {
  const path = join(stack.folder, person.split('@')[0] ?? person)
  const { KUBECONFIG, KUBECACHEDIR } = personEnv(stack, person)
  const lines = [
    `export PATH="${stack.bin}:$PATH"`,
    `export KUBECONFIG="${KUBECONFIG}"`,
    `export KUBECACHEDIR="${KUBECACHEDIR}"`,
    `export GATEWAY="${stack.gateway}"`,
    // For kubectl countersign keys.
    `export COUNTERSIGN_GATEWAY="${stack.gateway}"`,
    `export TOOLS="${new URL(stack.tools).origin}"`,
    `export AGENTS="${stack.agents}"`,
    `export TOKEN="${stack.cluster.tokens[person]}"`,
  ]
  writeFileSync(path, `${lines.join('\n')}\n`)
  chmodSync(path, 0o600)
  return path
}
