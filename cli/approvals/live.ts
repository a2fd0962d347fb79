import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { type CommandEnvironment, namespaceOf } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import type { Selection } from '../requests/read.ts'
import { type Watcher, watchRequests } from '../requests/watch.ts'
import { type Change, changesOf } from './changes.ts'
import { createLog } from './log.ts'
import { createScreen } from './screen.ts'
import type { View } from './view.ts'

/** `kubectl approvals -w`: shows what waits and what happens to it, until Ctrl-C. */
export async function watchCommand(
  kubectl: Kubectl,
  { io }: CommandEnvironment,
  selection: Selection,
  typedNamespace: string | undefined,
  wide: boolean,
): Promise<ExitCode> {
  const namespace = selection.allNamespaces ? undefined : await namespaceOf(kubectl, typedNamespace)
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`
  const columns = { namespace: namespace === undefined, phase: false, wide }
  const view = io.stdoutIsTerminal ? createScreen(io, columns, where) : createLog(io, namespace === undefined)
  const refusal = await watchRequests(
    { kubectl, sleep: io.sleep, signal: io.stopped },
    { namespace, agent: selection.agent },
    createWatcher(view),
  )
  view.close()
  if (!refusal) return EXIT.done
  io.err(`${refusal.message}\n`)
  return refusal.code
}

const keyOf = ({ metadata }: ApprovalRequest): string => `${metadata.uid}`

/** Keeps what is pending and turns each sight of a request into what happened. */
export function createWatcher(view: Pick<View, 'show' | 'note'>): Watcher {
  const pending = new Map<string, ApprovalRequest>()
  let isLost = false
  let isFirst = true

  const take = (key: string, after: ApprovalRequest | undefined): readonly Change[] => {
    const changes = changesOf(pending.get(key), after)
    if (after?.status.phase === 'Pending') pending.set(key, after)
    else pending.delete(key)
    return changes
  }
  const show = (changes: readonly Change[]): void => view.show([...pending.values()], changes)

  return {
    replaced(now, settled) {
      const after = new Map([...settled, ...now].map(request => [keyOf(request), request]))
      const keys = new Set([...pending.keys(), ...after.keys()])
      const changes = [...keys].flatMap(key => take(key, after.get(key)))
      // At first nothing has happened yet: this is what was found.
      const found = changes.map(change => ({ ...change, word: 'waiting' as const }))
      if (isLost) view.note('connected again')
      isLost = false
      show(isFirst ? found : changes)
      isFirst = false
    },
    changed: request => show(take(keyOf(request), request)),
    deleted: request => show(take(keyOf(request), undefined)),
    lost(refusal) {
      if (!isLost) view.note(`${refusal.message} Trying again.`)
      isLost = true
    },
    known: () => [...pending.values()],
  }
}
