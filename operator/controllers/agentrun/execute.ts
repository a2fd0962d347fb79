import { isDeepStrictEqual } from 'node:util'
import type { Agent, Toolset } from '../../../crds/v1alpha1/agent.ts'
import type { CallState, Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { agents } from '../../../crds/v1alpha1/resources.ts'
import { auditKey, type NewEntry } from '../../audit/entry.ts'
import { settle } from '../../policy/decisions.ts'
import { paramsDigest } from '../../policy/digests.ts'
import { redactParams, runKey } from '../../policy/redact.ts'
import { entriesFor, OPERATOR } from '../approvalrequest/entries.ts'
import { digestsFor } from './gating.ts'
import { namespaceOf, nowOf, requestsOf, type Scope, statusOf, uidOf } from './scope.ts'

/** The trace of a call that this process is about to make. */
export const executing = (scope: Scope, step: Step): Step => ({
  ...step,
  state: 'Executing',
  executor: scope.deps.executor,
  startedAt: nowOf(scope),
})

/**
 * Makes calls, each at most once. `write` puts Executing into the trace with the resourceVersion that was read; the
 * intent is recorded beside it; the tools are called when both have succeeded. If the write is lost, nobody calls; nor
 * where the record says already that the call is over: another operator has taken this one for gone.
 * @returns whether one of them was over, so that the run is to be looked at again
 */
export const startCalls = async (
  scope: Scope,
  agent: Agent,
  options: {
    readonly turn: AgentTurn
    readonly calls: readonly TurnCall[]
    readonly retried?: ReadonlySet<string>
    /** By call, the agent that a gated call was checked against: it is called with no other. */
    readonly verified?: ReadonlyMap<string, Agent>
    readonly write: () => Promise<void>
  },
): Promise<boolean> => {
  const { deps } = scope
  const { calls } = options
  for (const { id } of calls) deps.effects.fence(uidOf(scope), id)
  for (const id of options.retried ?? []) scope.memory.retried.add(id)
  const entries = calls.flatMap(call => {
    const request = requestOf(scope, call.id)
    const executor = scope.memory.retried.has(call.id) ? [deps.executor] : []
    return [...(request ? entriesFor(request, scope.run) : []), intentEntry(scope, agent, call, ...executor)]
  })
  const [written, recorded] = await Promise.allSettled([
    options.write(),
    entries.length > 0
      ? deps.audit.append(namespaceOf(scope), entries)
      : Promise.resolve('Recorded' as const),
  ])
  // The fences stay: this write, or an earlier one whose answer was lost, may stand, and the next look can tell by the
  // executor in the trace. A conflict proves nothing about the earlier one.
  if (written.status === 'rejected') throw written.reason
  if (recorded.status === 'rejected') throw recorded.reason
  // Nothing can be recorded in a namespace that is being deleted, so nothing is done there.
  if (recorded.value === 'NamespaceTerminating') return false
  // A process that was paused may lead no more, and has told nobody yet.
  if (!deps.trusted()) return false
  const over = calls.filter(({ id }) => isRecordedOver(scope, id))
  for (const { id } of over) deps.effects.forgetCall(uidOf(scope), id)
  // How it ended is in the transcript, which was written before the record.
  if (over.length > 0) deps.turns.forget(uidOf(scope))
  for (const call of calls)
    if (!over.includes(call)) begin(scope, options.verified?.get(call.id) ?? agent, call)
  return over.length > 0
}

const isRecordedOver = (scope: Scope, callID: string): boolean =>
  scope.deps.audit.has(namespaceOf(scope), auditKey('ToolExecuted', uidOf(scope), callID))

/** Calls what was fenced and recorded. */
const begin = (scope: Scope, agent: Agent, call: TurnCall): void => {
  const { deps, run } = scope
  const toolset = toolsetOf(agent, call.tool)
  const { namespace = '', name } = run.metadata
  scope.memory.calling.set(call.id, outcome => executedEntry(scope, agent, call, outcome))
  deps.effects.start(
    uidOf(scope),
    call.id,
    () =>
      toolset
        ? deps.toolbox.call(agent, toolset, {
            tool: call.tool,
            params: call.params as JsonObject,
            idempotencyKey: `${uidOf(scope)}-${call.id}`,
            // A call is never abandoned halfway: its own timeout ends it.
            signal: new AbortController().signal,
          })
        : Promise.resolve({
            kind: 'Error',
            text: `There is no toolset of ${call.tool} any more.`,
            sent: false,
          } as const),
    () => deps.wake(namespace, name),
  )
}

/** The toolset of a tool: the part of its full name before the first dot. */
export const toolsetOf = (agent: Agent, tool: string): Toolset | undefined =>
  agent.spec.toolsets.find(({ name }) => name === tool.slice(0, Math.max(0, tool.indexOf('.'))))

/** The request of a call, if one was opened. */
export const requestOf = (scope: Scope, callID: string): ApprovalRequest | undefined =>
  requestsOf(scope).find(({ spec }) => spec.callID === callID)

/** That a call is about to be made; `executor`: anew, by this process. */
const intentEntry = (
  scope: Scope,
  agent: Agent | undefined,
  call: TurnCall,
  ...executor: readonly string[]
): NewEntry => ({
  key: auditKey('ToolExecuting', uidOf(scope), call.id, ...executor),
  entry: { action: 'ToolExecuting', ...aboutCall(scope, agent, call, requestOf(scope, call.id)) },
})

/**
 * That a call which was intended is over. Where that is unknown its intent comes before: whoever wrote Executing may not
 * have come to record it yet. Then it finds both, and does not call.
 */
export const endedEntries = (
  scope: Scope,
  agent: Agent | undefined,
  call: TurnCall,
  outcome: CallState,
): NewEntry[] => [
  ...(outcome === 'Unknown' ? [intentEntry(scope, agent, call)] : []),
  executedEntry(scope, agent, call, outcome),
]

/** That a call is over, and how. */
export const executedEntry = (
  scope: Scope,
  agent: Agent | undefined,
  call: TurnCall,
  outcome: string,
): NewEntry => ({
  key: auditKey('ToolExecuted', uidOf(scope), call.id),
  entry: {
    action: 'ToolExecuted',
    ...aboutCall(scope, agent, call, requestOf(scope, call.id)),
    outcome,
  },
})

const aboutCall = (
  scope: Scope,
  agent: Agent | undefined,
  call: TurnCall,
  request: ApprovalRequest | undefined,
): Omit<NewEntry['entry'], 'action'> => {
  const shown = request?.spec.params ?? shownOf(scope, agent, call)
  return {
    actor: OPERATOR,
    agent: scope.run.spec.agentRef.name,
    ...(agent?.metadata.generation === undefined ? {} : { agentGeneration: agent.metadata.generation }),
    run: scope.run.metadata.name,
    ...(request ? { approvalRequest: request.metadata.name, callDigest: request.spec.callDigest } : {}),
    tool: call.tool,
    ...(shown
      ? { params: shown, paramsDigest: request?.spec.paramsDigest ?? paramsDigest(shown as JsonObject) }
      : {}),
  }
}

/**
 * Params as they may be shown: as the trace shows them. Redacted anew only while the agent says what is to be hidden:
 * of one that was deleted nobody knows.
 */
const shownOf = (scope: Scope, agent: Agent | undefined, call: TurnCall): JsonObject | undefined => {
  const traced = statusOf(scope).steps?.find(({ id }) => id === call.id)?.params as JsonObject | undefined
  if (traced && !('$cut' in traced)) return traced
  return agent
    ? redactParams(
        (call.params ?? {}) as JsonObject,
        agent.spec.approval?.redact ?? [],
        runKey(scope.deps.redactionKey, uidOf(scope)),
      ).shown
    : undefined
}

/** Whether an approved call is still the one that was approved. */
export type Verified =
  /** `agent` as it was read for this: with it the call is made. */
  | { readonly ok: true; readonly agent: Agent }
  | { readonly ok: false; readonly reason: 'Changed'; readonly what: string }
  /** The tool server does not answer, so its schema cannot be compared: look again. */
  | { readonly ok: false; readonly reason: 'Away'; readonly what: string }

/**
 * Recomputes the call's digest from toolset, schema and params as they are now, and looks at the decisions once
 * more: the phase alone is not believed.
 */
export const verifyApproved = async (
  scope: Scope,
  agent: Agent,
  call: TurnCall,
  request: ApprovalRequest,
): Promise<Verified> => {
  const { deps } = scope
  const changed = (what: string): Verified => ({ ok: false, reason: 'Changed', what })
  if (settle(request, 0, Number.POSITIVE_INFINITY).phase !== 'Approved') {
    return changed('the decisions of its request do not approve it')
  }
  if (request.spec.callID !== call.id || request.spec.tool !== call.tool) {
    return changed('its request is about another call')
  }
  const list = (of: Agent, toolset: Toolset) => deps.toolbox.listOne(of, toolset, AbortSignal.timeout(30_000))
  const known = toolsetOf(agent, call.tool)
  // Read anew: what the cache says may be old, however briefly. It is good enough to ask at the same time.
  const [live, guess] = await Promise.all([
    deps.client.find(
      agents,
      { namespace: namespaceOf(scope), name: agent.metadata.name },
      { urgency: 'High' },
    ),
    known && list(agent, known),
  ])
  const toolset = live && toolsetOf(live, call.tool)
  if (!toolset || call.params === undefined) return changed('the agent has no such toolset any more')
  const listing = guess && isDeepStrictEqual(known, toolset) ? guess : await list(live, toolset)
  if (!listing.ok) return { ok: false, reason: 'Away', what: listing.message }
  const definition = listing.tools.find(({ name }) => name === call.tool)
  if (!definition) return changed('its tool server does not have the tool any more')
  const now = digestsFor({
    run: scope.run,
    toolset,
    definition,
    call: { id: call.id, tool: call.tool, params: call.params as JsonObject },
    redact: live.spec.approval?.redact ?? [],
    redactionKey: deps.redactionKey,
  })
  if (now.callDigest === request.spec.callDigest) return { ok: true, agent: live }
  return changed(
    now.paramsDigest === request.spec.paramsDigest
      ? 'its toolset or the schema of the tool is not the one that was approved'
      : 'its parameters are not those that were shown',
  )
}
