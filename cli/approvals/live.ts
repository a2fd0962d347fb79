import type { ApprovalRequest } from '../../crds/v1alpha1/approvalrequest.ts'
import { type CommandEnvironment, namespaceOf } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import type { Kubectl } from '../kubectl/kubectl.ts'
import type { Selection } from '../requests/read.ts'
import { expiresAt } from '../requests/time.ts'
import { type Watcher, watchRequests } from '../requests/watch.ts'
import { duration } from '../text/duration.ts'
import { painter } from '../text/paint.ts'
import { shortParams } from '../text/params.ts'
import { visible } from '../text/visible.ts'
import { type Change, changesOf } from './changes.ts'
import { createScreen } from './screen.ts'

/** Where the live view shows itself: lines, or a screen that is drawn again. */
export interface View {
  /** What is pending now, and what has just happened. */
  show(pending: readonly ApprovalRequest[], changes: readonly Change[]): void
  /** Something about the connection. */
  note(text: string): void
  close(): void
}

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
      if (isLost) view.note('connected again')
      isLost = false
      show(changes)
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

/** A line for each thing that happens, for files and pipes. */
function createLog(io: Io, namespaces: boolean): View {
  return {
    show: (_, changes) => {
      for (const change of changes)
        io.out(`${clock(io.now())}  ${changeLine(change, namespaces, io.now())}\n`)
    },
    note: text => io.err(`${text}\n`),
    close: () => {},
  }
}

const clock = (now: number): string => new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')

const WORD_WIDTH = 9

/** `approved   refund-1-1-0  order_tools.process_refund  by alice@acme.com: checked`. */
export function changeLine({ word, request, text }: Change, namespaces: boolean, now: number): string {
  const { metadata, spec } = request
  const name = namespaces ? `${metadata.namespace}/${metadata.name}` : metadata.name
  const what = `${spec.agentRef.name}  ${visible(spec.tool)}`
  const rest =
    word === 'new'
      ? `${shortParams(spec.params, 80)}  expires in ${duration(expiresAt(request) - now)}`
      : text
  return `${word.padEnd(WORD_WIDTH)}  ${name}  ${what}  ${rest}`.trimEnd()
}

export const painted = (io: Io) => painter(io.colour)
