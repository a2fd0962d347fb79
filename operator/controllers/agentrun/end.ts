import type { AgentRun, AgentRunStatus, CallState, RunPhase } from '../../../crds/v1alpha1/agentrun.ts'
import { MAX_CALLS, type TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import type { AuditAction } from '../../../crds/v1alpha1/audit-actions.ts'
import { RUN_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import { isNotFound } from '../../../kube/errors.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import type { Appended } from '../../audit/writer.ts'
import { cutText } from '../../policy/json.ts'
import { OPERATOR } from '../approvalrequest/entries.ts'
import { abandonQuestion } from './ask.ts'
import { executedEntry } from './execute.ts'
import { type Next, namespaceOf, nowOf, type Scope, statusOf, uidOf, writeStatus } from './scope.ts'
import { shownText } from './shown.ts'
import { ended } from './status.ts'

const MAX_OUTPUT_BYTES = 16_384

/**
 * Ends a run whose calls are all over. Recorded first: what has been recorded is how it ends, should the write that
 * follows be lost to somebody who cancels it at that very moment.
 */
export const endRun = async (
  scope: Scope,
  phase: Extract<RunPhase, 'Succeeded' | 'Failed' | 'Cancelled'>,
  output?: string,
  /** What the end is written with, beside itself; default: what stands. */
  last = statusOf(scope),
): Promise<Next> => {
  const { deps, memory } = scope
  abandonQuestion(scope)
  const { failure: _of, ...before } = last
  const status: AgentRunStatus = {
    ...before,
    phase,
    finishedAt: nowOf(scope),
    ...(output === undefined || output === '' ? {} : { output: shownText(scope, output, MAX_OUTPUT_BYTES) }),
    ...(phase === 'Failed' && scope.failure ? { failure: { ...scope.failure } } : {}),
  }
  await deps.audit.append(namespaceOf(scope), [
    ...(await notMadeEntries(scope)),
    endedEntry(scope.run, status),
  ])
  memory.end = status
  return writeEnd(scope, status)
}

/** Writes the end that was recorded. */
export const writeEnd = async (scope: Scope, status: AgentRunStatus): Promise<Next> => {
  const { deps, run } = scope
  await writeStatus(scope, ended(status, run.metadata.generation ?? 1, nowOf(scope)), 'Low')
  deps.event(scope.run, {
    type: status.phase === 'Succeeded' ? 'Normal' : 'Warning',
    reason: status.failure?.reason ?? status.phase,
    action: 'End',
    note: status.failure?.message ?? `the run ended: ${status.phase}`,
  })
  return 'Again'
}

/** A run that has ended: its end is recorded, and after its time it is deleted. */
export const afterEnd = async (scope: Scope): Promise<Next> => {
  const { deps } = scope
  await recordEnd(scope)
  deps.turns.forget(uidOf(scope))
  await releaseRun(scope)
  const { run } = scope
  const ttl = run.spec.ttlSecondsAfterFinished
  if (ttl === undefined) return {}
  const left = Date.parse(statusOf(scope).finishedAt ?? '') + ttl * 1000 - deps.clock.now()
  if (left > 0) return { requeueAfterMs: left }
  try {
    await deps.client.delete(
      agentRuns,
      { namespace: namespaceOf(scope), name: run.metadata.name },
      { uid: uidOf(scope), propagationPolicy: 'Background' },
    )
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  return {}
}

/**
 * Records that a run is over, and the end of every intent that came to nothing: of a call that was not made the trace
 * says so, but whoever closed it need not have known of an intent that another process, or a write whose answer was
 * lost, had put into the chain. Where the end of the run is recorded all that stands before it is known.
 */
const recordEnd = async (scope: Scope): Promise<Appended> => {
  const { audit } = scope.deps
  const namespace = namespaceOf(scope)
  const recorded = await audit.append(namespace, [endedEntry(scope.run, statusOf(scope))])
  const has = (action: AuditAction, id: string) => audit.has(namespace, auditKey(action, uidOf(scope), id))
  const isUnended = (id: string) => has('ToolExecuting', id) && !has('ToolExecuted', id)
  const traced = (statusOf(scope).steps ?? []).flatMap(({ id, tool, state, params }) => {
    if (id === undefined || tool === undefined || state === undefined || !NOT_MADE.has(state)) return []
    if (!isUnended(id)) return []
    const call = { id, tool, providerCallID: '', ...(params === undefined ? {} : { params }) }
    return [executedEntry(scope, scope.agent, call, state)]
  })
  const untraced = (await untracedCalls(scope, isUnended)).map(call =>
    executedEntry(scope, scope.agent, call, 'NotExecuted'),
  )
  const unended = [...traced, ...untraced]
  return unended.length === 0 ? recorded : audit.append(namespace, unended)
}

/** Calls of an answer that was stored and never came into the trace, as the run stopped first: none of them was made. */
const untracedCalls = async (
  scope: Scope,
  isUnended: (id: string) => boolean,
): Promise<readonly TurnCall[]> => {
  const { phase, turns = 0 } = statusOf(scope)
  if (phase === 'Succeeded') return []
  const turn = turns + 1
  const ids = Array.from({ length: MAX_CALLS }, (_, index) => `${turn}.${index}`).filter(isUnended)
  // Hardly ever, so that the transcript is not read for nothing.
  if (ids.length === 0) return []
  const stored = await scope.deps.turns.find(scope.run, turn)
  return (stored?.spec.calls ?? []).filter(({ id }) => ids.includes(id))
}

/** States of calls that were not made. */
const NOT_MADE: ReadonlySet<CallState> = new Set(['NotExecuted', 'Rejected', 'Expired', 'Cancelled'])

/** A run that has nothing open any more: lets it go, so that it can be deleted whether the operator is there or not. */
export const releaseRun = async (scope: Scope): Promise<Next> => {
  const { deps, run } = scope
  const { finalizers = [] } = run.metadata
  if (!finalizers.includes(RUN_FINALIZER)) return {}
  const recorded = await recordEnd(scope)
  if (recorded === 'NamespaceTerminating') {
    deps.log.warn(
      { namespace: namespaceOf(scope), name: run.metadata.name, phase: statusOf(scope).phase },
      'the namespace is being deleted: the end of this run is recorded here alone',
    )
  }
  try {
    const released = await deps.client.patch(
      agentRuns,
      { namespace: namespaceOf(scope), name: run.metadata.name },
      {
        type: 'merge',
        body: {
          metadata: {
            uid: uidOf(scope),
            resourceVersion: run.metadata.resourceVersion,
            finalizers: finalizers.filter(name => name !== RUN_FINALIZER),
          },
        },
      },
      { urgency: 'Low' },
    )
    if (!run.metadata.deletionTimestamp) {
      scope.run = released
      deps.runs.wrote(released)
    }
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  return {}
}

/** Calls whose intent was recorded while the trace never came to show them: the run ends before they are made. */
const notMadeEntries = async (scope: Scope): Promise<NewEntry[]> => {
  const { deps, run } = scope
  const entries: NewEntry[] = []
  for (const id of deps.effects.unfence(uidOf(scope))) {
    if (!deps.audit.has(namespaceOf(scope), auditKey('ToolExecuting', uidOf(scope), id))) continue
    const turn = await deps.turns.find(run, Number.parseInt(id, 10))
    const call = turn?.spec.calls.find(one => one.id === id)
    if (call) entries.push(executedEntry(scope, scope.agent, call, 'NotExecuted'))
  }
  return entries
}

/** That a run is over, and how. */
export const endedEntry = (run: AgentRun, status: AgentRunStatus): NewEntry => {
  return {
    key: auditKey('RunEnded', run.metadata.uid ?? ''),
    entry: {
      action: 'RunEnded',
      actor: OPERATOR,
      agent: run.spec.agentRef.name,
      ...(status.agentGeneration === undefined ? {} : { agentGeneration: status.agentGeneration }),
      run: run.metadata.name,
      outcome: status.phase,
      ...(status.failure
        ? { reason: cutText(`${status.failure.reason}: ${status.failure.message}`, 4096) }
        : {}),
    },
  }
}
