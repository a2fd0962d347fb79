import type { Agent, Toolset } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun, Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { TurnCall } from '../../../crds/v1alpha1/agentturn.ts'
import type { ApprovalRequest, ApprovalRequestSpec } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import type { FiredGate } from '../../../crds/v1alpha1/gate.ts'
import { API_VERSION } from '../../../crds/v1alpha1/meta.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { contextFor } from '../../policy/conditions/evaluate.ts'
import { callDigest, paramsDigest, toolsetHash } from '../../policy/digests.ts'
import { type CompiledGate, evaluateGates } from '../../policy/gates.ts'
import { redactParams, runKey } from '../../policy/redact.ts'
import { approvalOf } from './calls.ts'
import { notApprovedText } from './texts.ts'

/** What the gating of a call depends on. */
export interface GatingInput {
  readonly run: AgentRun
  readonly agent: Agent
  readonly agentGates: readonly CompiledGate[]
  /** Gates of the project, joined to the agent's. */
  readonly projectGates: readonly CompiledGate[]
  /** The tool as its server describes it now. */
  readonly definition: ToolDefinition
  readonly call: TurnCall & { readonly params: JsonObject }
  /** Key of the digests that stand for redacted values. */
  readonly redactionKey: Buffer
}

/** Default of `approval.timeoutSeconds`, for an agent without an approval block (its project's gates may stop it). */
const DEFAULT_TIMEOUT_SECONDS = 3600

/** Puts a call to every gate of agent and project. No gate that fires: undefined. */
export const gatesFor = (input: GatingInput): FiredGate[] | undefined => {
  const { run, agent, definition, call } = input
  const changed = toolChange(agent, definition)
  const result = evaluateGates({
    tool: call.tool,
    params: call.params,
    context: contextFor(run.spec.context as JsonObject | undefined, {
      name: run.metadata.name,
      ...(run.spec.requestedBy === undefined ? {} : { startedBy: run.spec.requestedBy }),
    }),
    schema: definition.inputSchema,
    shown: redactParams(
      call.params,
      agent.spec.approval?.redact ?? [],
      runKey(input.redactionKey, run.metadata.uid),
    ).shown,
    agentGates: input.agentGates,
    projectGates: input.projectGates,
    toolChanged: changed,
  })
  return result.gated ? result.gates : undefined
}

/** Why the tool is not the one that was pinned when the Agent's spec was last changed; undefined when it is. */
export const toolChange = (agent: Agent, definition: ToolDefinition): string | undefined => {
  const pinned = agent.status?.tools?.find(tool => tool.name === definition.name)
  if (!pinned) return `${definition.name} appeared after the agent's tools were pinned`
  return pinned.schemaHash === definition.schemaHash
    ? undefined
    : `${definition.name} is described differently than when the agent's tools were pinned`
}

/** Params as they are shown, and the digests that bind an approval to the call (design.md section 2). */
export const digestsFor = (input: {
  readonly run: AgentRun
  readonly toolset: Toolset
  readonly definition: ToolDefinition
  readonly call: { readonly id: string; readonly tool: string; readonly params: JsonObject }
  readonly redact: readonly string[]
  readonly redactionKey: Buffer
}): {
  readonly shown: JsonObject
  readonly paramsDigest: string
  readonly callDigest: string
  /** Values that must not appear in anything that is shown. */
  readonly secrets: readonly (string | number)[]
} => {
  const { shown, secrets } = redactParams(
    input.call.params,
    input.redact,
    runKey(input.redactionKey, input.run.metadata.uid),
  )
  const params = paramsDigest(shown)
  return {
    shown,
    secrets,
    paramsDigest: params,
    callDigest: callDigest({
      project: input.run.metadata.namespace ?? '',
      runUID: input.run.metadata.uid ?? '',
      callID: input.call.id,
      tool: input.call.tool,
      paramsDigest: params,
      toolset: toolsetHash(input.toolset),
      schema: input.definition.schemaHash,
    }),
  }
}

/** `<run>-<turn>-<index>`: the name of a call's request. */
export const requestName = (run: string, callID: string): string => `${run}-${callID.replace('.', '-')}`

/** The request for one gated call: everything in it is fixed when it is created. */
export const requestFor = (
  input: GatingInput & { readonly toolset: Toolset },
  gates: FiredGate[],
): ApprovalRequest => {
  const { run, agent, call } = input
  const approval = agent.spec.approval
  const digests = digestsFor({
    run,
    toolset: input.toolset,
    definition: input.definition,
    call,
    redact: approval?.redact ?? [],
    redactionKey: input.redactionKey,
  })
  const spec: ApprovalRequestSpec = {
    agentRef: { name: agent.metadata.name },
    runRef: { name: run.metadata.name, uid: run.metadata.uid ?? '' },
    callID: call.id,
    tool: call.tool,
    params: digests.shown,
    paramsDigest: digests.paramsDigest,
    callDigest: digests.callDigest,
    gates,
    ...(approval?.message === undefined ? {} : { message: approval.message }),
    timeoutSeconds: approval?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    onRejection: approval?.onRejection ?? 'Fail',
    requiredApprovals: approval?.requiredApprovals ?? 1,
    allowSelfApproval: approval?.allowSelfApproval ?? true,
    ...(run.spec.requestedBy === undefined ? {} : { requestedBy: run.spec.requestedBy }),
    ...telling(approval),
  }
  return {
    apiVersion: API_VERSION,
    kind: 'ApprovalRequest',
    metadata: {
      name: requestName(run.metadata.name, call.id),
      namespace: run.metadata.namespace ?? '',
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind: 'AgentRun',
          name: run.metadata.name,
          uid: run.metadata.uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
    status: { phase: 'Pending', decisions: [] },
  }
}

/** Who is told again, and when. It is no part of what is decided. */
const telling = (approval: Agent['spec']['approval']): Telling => ({
  ...(approval?.remindAfterSeconds === undefined ? {} : { remindAfterSeconds: approval.remindAfterSeconds }),
  ...(approval?.escalateAfterSeconds === undefined
    ? {}
    : { escalateAfterSeconds: approval.escalateAfterSeconds }),
  ...(approval?.escalateTo === undefined ? {} : { escalateTo: approval.escalateTo }),
})

type Telling = Pick<ApprovalRequestSpec, 'remindAfterSeconds' | 'escalateAfterSeconds' | 'escalateTo'>

/** What of a request's spec is decided on: all of it, but for who is told again. */
export const decidedOn = ({
  remindAfterSeconds: _remind,
  escalateAfterSeconds: _escalate,
  escalateTo: _to,
  ...spec
}: ApprovalRequestSpec): Omit<ApprovalRequestSpec, keyof Telling> => spec

/** Whether a request belongs to this very run: a run created again under an old name is another one. */
export const isOwnedBy = (request: ApprovalRequest, run: AgentRun): boolean =>
  request.spec.runRef.uid === run.metadata.uid &&
  (request.metadata.ownerReferences ?? []).some(owner => owner.uid === run.metadata.uid)

/**
 * The request of an identical call (tool and parameters) of the same run that was not approved: the model asks
 * again, people are not asked again.
 */
export const unapprovedTwin = (
  tool: string,
  digest: string,
  requests: readonly ApprovalRequest[],
): ApprovalRequest | undefined =>
  requests.find(
    ({ spec, status }) =>
      spec.tool === tool &&
      spec.paramsDigest === digest &&
      (status.phase === 'Rejected' || status.phase === 'Expired'),
  )

/** The trace of a call that is answered from the record, and what the model is told. */
export const answeredFromRecord = (step: Step, request: ApprovalRequest): { step: Step; text: string } => ({
  step: {
    ...step,
    state: request.status.phase === 'Rejected' ? 'Rejected' : 'Expired',
    approvalRequest: request.metadata.name,
    approval: approvalOf(request),
  },
  text: notApprovedText(request),
})
