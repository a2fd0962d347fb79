import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentTurn } from '../../../crds/v1alpha1/agentturn.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { entriesFor } from '../approvalrequest/entries.ts'
import type { CallView, Close } from './calls.ts'
import type { Move } from './check.ts'
import { endedEntries, executedEntry } from './execute.ts'
import { namespaceOf, type Scope, uidOf } from './scope.ts'

/** Results go into the transcript and into the audit log before the trace shows them. */
export const storeResults = async (
  scope: Scope,
  agent: Agent | undefined,
  turn: AgentTurn,
  moves: readonly Move[],
): Promise<number> => {
  const { deps } = scope
  const closes = moves.flatMap(({ view, move }) => (move.move === 'Close' ? [{ view, close: move }] : []))
  if (closes.length === 0) return 0
  await deps.turns.addResults(
    scope.run,
    turn,
    closes.map(({ view, close }) => ({ id: view.call.id, kind: close.kind, text: close.text })),
  )
  await deps.audit.append(
    namespaceOf(scope),
    closes.flatMap(({ view, close }) => [
      ...(view.request ? entriesFor(view.request, scope.run) : goneRequestEntries(scope, agent, view, close)),
      // Only what was intended: a call that was refused at the last moment leaves no trace of an execution.
      ...(view.step.state === 'Executing' ||
      deps.audit.has(namespaceOf(scope), auditKey('ToolExecuting', uidOf(scope), view.call.id))
        ? endedEntries(scope, agent, view.call, close.state)
        : []),
    ]),
  )
  scope.failure ??= closes.find(({ close }) => close.failure)?.close.failure
  return closes.length
}

/** The garbage collector may take an open request before the run that is deleted lets go: its end is recorded all the same. */
const goneRequestEntries = (
  scope: Scope,
  agent: Agent | undefined,
  view: CallView,
  close: Close,
): NewEntry[] => {
  if (view.step.approvalRequest === undefined || close.state !== 'Cancelled') return []
  const { audit } = scope.deps
  const uid = scope.memory.requests.get(view.call.id)
  const verdicts = ['ApprovalApproved', 'ApprovalRejected', 'ApprovalExpired'] as const
  if (uid && verdicts.some(action => audit.has(namespaceOf(scope), auditKey(action, uid)))) return []
  return [
    {
      key: uid
        ? auditKey('ApprovalCancelled', uid)
        : auditKey('ApprovalCancelled', uidOf(scope), view.call.id),
      entry: {
        ...executedEntry(scope, agent, view.call, 'Cancelled').entry,
        action: 'ApprovalCancelled',
        approvalRequest: view.step.approvalRequest,
        reason: 'The request was deleted together with its run.',
      },
    },
  ]
}
