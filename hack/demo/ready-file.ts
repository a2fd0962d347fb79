import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { PEOPLE, type Person } from './cluster.ts'
import { NAMESPACE, type Stack } from './stack.ts'

/** Writes what outside tests need to know, so that a reader sees the old or the new file (design.md section 9). */
export const writeReadyFile = (path: string, stack: Stack): void => {
  const { cluster } = stack
  const content = {
    kubeconfig: cluster.kubeconfig,
    bin: stack.bin,
    namespace: NAMESPACE,
    gateway: stack.gateway,
    metrics: stack.metrics,
    pids: stack.pids(),
    users: Object.fromEntries(
      (Object.keys(PEOPLE) as Person[]).map(person => [
        person,
        { token: cluster.tokens[person], role: PEOPLE[person] },
      ]),
    ),
    smtp: stack.smtp,
  }
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}`
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}
