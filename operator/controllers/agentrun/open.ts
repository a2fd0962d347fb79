import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import type { FiredGate } from '../../../crds/v1alpha1/gate.ts'
import { RUN_FINALIZER } from '../../../crds/v1alpha1/meta.ts'
import { agentRuns, approvalRequests } from '../../../crds/v1alpha1/resources.ts'
import { isAlreadyExists } from '../../../kube/errors.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { digest } from '../../policy/canonical.ts'
import { settleRequest } from '../approvalrequest/controller.ts'
import { entriesFor } from '../approvalrequest/entries.ts'
import { agentVersion } from './ask.ts'
import { toolsetOf, type Verified } from './execute.ts'
import { decidedOn, isOwnedBy, requestFor, requestName } from './gating.ts'
import { namespaceOf, type Scope } from './scope.ts'
import { gatesOf } from './store-answer.ts'

/** Puts the finalizer on a run before its first request: a deleted run stays until its requests are settled. */
const holdRun = async (scope: Scope): Promise<void> => {
  const { metadata } = scope.run
  const finalizers = metadata.finalizers ?? []
  if (finalizers.includes(RUN_FINALIZER)) return
  scope.run = await scope.deps.client.patch(
    agentRuns,
    { namespace: namespaceOf(scope), name: metadata.name },
    {
      type: 'merge',
      body: {
        metadata: {
          uid: metadata.uid,
          resourceVersion: metadata.resourceVersion,
          finalizers: [...finalizers, RUN_FINALIZER],
        },
      },
    },
  )
  scope.deps.runs.wrote(scope.run)
}

/** Opens the requests of gated calls, side by side; those whose tool is not known are left. */
export const openRequests = async (
  scope: Scope,
  agent: Agent,
  calls: readonly TurnCall[],
  definitionOf: (call: TurnCall) => ToolDefinition | undefined,
): Promise<void> => {
  if (calls.length === 0) return
  await holdRun(scope)
  await Promise.all(
    calls.map(call => {
      const definition = definitionOf(call)
      return definition && openRequest(scope, agent, call, definition)
    }),
  )
}

/**
 * Brings the requests of a turn that is not in the trace yet into the cache, by the word of the API server: whoever stored
 * its answer may have opened them before it was gone.
 */
export const findOpened = async (scope: Scope, calls: readonly TurnCall[]): Promise<void> => {
  const { deps, run } = scope
  await Promise.all(
    calls.map(async ({ id }) => {
      const ref = { namespace: namespaceOf(scope), name: requestName(run.metadata.name, id) }
      const found = await deps.client.find(approvalRequests, ref)
      if (found && isOwnedBy(found, run)) deps.requests.wrote(found)
    }),
  )
}

/**
 * Opens the request of a gated call and records that it was asked for. A request that stands under its name counts
 * only if it is exactly the one that would be written now, of this very run; any other is settled and replaced.
 */
const openRequest = async (
  scope: Scope,
  agent: Agent,
  call: TurnCall,
  definition: ToolDefinition,
): Promise<ApprovalRequest> => {
  const { deps, memory } = scope
  const toolset = toolsetOf(agent, call.tool)
  if (!toolset || call.params === undefined) throw new Error(`no toolset for ${call.tool}`)
  const full = { ...call, params: call.params as JsonObject }
  const gates = memory.gates.get(call.id) ?? gatesOf(scope, agent, full, definition) ?? [gateThatWas(call)]
  const wanted = requestFor(
    {
      run: scope.run,
      agent,
      agentGates: [],
      projectGates: [],
      definition,
      toolset,
      call: full,
      redactionKey: deps.redactionKey,
    },
    gates,
  )
  const request = await createOrAdopt(scope, wanted)
  deps.requests.wrote(request)
  memory.gates.delete(call.id)
  await deps.audit.append(namespaceOf(scope), entriesFor(request, scope.run))
  deps.event(scope.run, {
    type: 'Normal',
    reason: 'ApprovalRequested',
    action: 'Pause',
    note: `${call.tool} waits for approval: ${request.metadata.name}`,
  })
  return request
}

/** The call was stopped when the model asked for it; a gate that was removed since does not let it through. */
const gateThatWas = (call: TurnCall): FiredGate => ({
  name: call.tool,
  from: 'Agent',
  outcome: 'ConditionUnknown',
  detail: 'A gate stopped this call when the model asked for it; the gates were changed since.',
})

/** The tool of a call that is to be put to people: as the model was told of it, or as it is served now. */
export const findDefinition = async (
  scope: Scope,
  agent: Agent,
  call: TurnCall,
): Promise<
  { readonly ok: true; readonly definition: ToolDefinition } | Extract<Verified, { readonly ok: false }>
> => {
  const { deps, memory } = scope
  const toolset = toolsetOf(agent, call.tool)
  if (!toolset || call.params === undefined)
    return { ok: false, reason: 'Changed', what: 'the agent has no such toolset any more' }
  const known = memory.toolsOf === agentVersion(agent) ? memory.tools.get(call.tool) : undefined
  if (known) return { ok: true, definition: known }
  const listing = await deps.toolbox.listOne(agent, toolset, AbortSignal.timeout(30_000))
  if (!listing.ok) return { ok: false, reason: 'Away', what: listing.message }
  const definition = listing.tools.find(({ name }) => name === call.tool)
  return definition
    ? { ok: true, definition }
    : { ok: false, reason: 'Changed', what: 'its tool server does not have the tool any more' }
}

const createOrAdopt = async (scope: Scope, wanted: ApprovalRequest): Promise<ApprovalRequest> => {
  const { client } = scope.deps
  const ref = { namespace: namespaceOf(scope), name: wanted.metadata.name }
  try {
    return await client.create(approvalRequests, wanted, { urgency: 'High' })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
  const standing = await client.get(approvalRequests, ref)
  if (isOwnedBy(standing, scope.run) && digest(decidedOn(standing.spec)) === digest(decidedOn(wanted.spec)))
    return standing
  await retire(scope, standing)
  return client.create(approvalRequests, wanted)
}

/** Settles and deletes a request that is not the one wanted: whatever was decided about it was about something else. */
const retire = async (scope: Scope, request: ApprovalRequest): Promise<void> => {
  const { deps } = scope
  let settled = request
  if (request.status.phase === 'Pending') {
    const cancelled = await settleRequest(
      deps,
      request,
      'Cancelled',
      'Replaced: it is not about this run, or no longer says what would be executed.',
    )
    if (!cancelled) throw new Error(`request ${request.metadata.name} changed while it was being replaced`)
    settled = cancelled
  }
  await deps.audit.append(namespaceOf(scope), entriesFor(settled, undefined))
  await deps.client.delete(
    approvalRequests,
    { namespace: namespaceOf(scope), name: request.metadata.name },
    { uid: request.metadata.uid ?? '' },
  )
  deps.requests.deleted(settled)
}
