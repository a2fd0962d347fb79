import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRunStatus, Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, TurnCall, TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import { ApiError } from '../../../kube/errors.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { storedBytes } from '../../stored-size.ts'
import { callsOf, MAX_TURN_BYTES, turnSpec } from './answer.ts'
import { agentVersion, sooner, TOOLSET_RETRY_MS, wait } from './ask.ts'
import type { ModelOutcome } from './effects.ts'
import { endRun } from './end.ts'
import { executing, startCalls } from './execute.ts'
import { answeredFromRecord, digestsFor, gatesFor, requestName, unapprovedTwin } from './gating.ts'
import { findOpened, openRequests } from './open.ts'
import {
  goingOnNow,
  type Next,
  namespaceOf,
  nowOf,
  requestsOf,
  type Scope,
  statusOf,
  uidOf,
  writeStatus,
} from './scope.ts'
import { shownParams, shownText } from './shown.ts'
import { awaitsApproval, type Waiting, waitsForPeople } from './status.ts'
import { mayCall } from './turn-in-line.ts'

/** Stores an answer before anything is made of it; one that cannot be stored fails the run. */
export const storeAnswer = async (
  scope: Scope,
  turn: number,
  outcome: Extract<ModelOutcome, { ok: true }>,
): Promise<void> => {
  const { memory, run, deps } = scope
  const spec = turnSpec({
    answer: outcome.answer,
    calls: callsOf(outcome.answer, turn, memory.tools),
    run: { name: run.metadata.name, uid: uidOf(scope) },
    turn,
    agentGeneration: scope.agent?.metadata.generation ?? 0,
    at: nowOf(scope),
    durationSeconds: outcome.durationSeconds,
  })
  const bytes = storedBytes(spec)
  if (bytes > MAX_TURN_BYTES) {
    scope.failure = {
      reason: 'TranscriptTooLarge',
      message: `the model's answer of turn ${turn} takes ${Math.ceil(bytes / 1024)} KiB; at most ${MAX_TURN_BYTES / 1024} KiB can be stored`,
    }
    return
  }
  try {
    memory.answered = undefined
    if (await deps.turns.create(run, spec)) memory.answered = turn
  } catch (error) {
    // What the API server refuses as it is will be refused again, and each new answer costs.
    if (!isUnstorable(error)) throw error
    scope.failure = {
      reason: 'ModelError',
      message: `the model's answer of turn ${turn} cannot be stored (${error.code} ${error.reason})`,
    }
  }
  memory.modelAttempts = 0
}

const isUnstorable = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.code === 400 || error.code === 413 || error.code === 422)

/** Puts a stored turn into the trace: what becomes of each call is decided here, once. */
export const storeTurn = async (scope: Scope, agent: Agent, turn: AgentTurn): Promise<Next> => {
  const { deps, memory } = scope
  if (needsTools(turn) && memory.toolsOf !== agentVersion(agent)) {
    const listings = await deps.toolbox.list(agent, AbortSignal.timeout(30_000))
    const away = listings.find(listing => !listing.ok)
    // Without the schema no gate can be evaluated and no digest made: wait for the toolset.
    if (away && !away.ok) {
      const message = `${away.toolset}: ${away.message}`
      await wait(scope, agent, { reason: 'ToolsetUnavailable', message })
      return { requeueAfterMs: sooner(scope, agent, TOOLSET_RETRY_MS) }
    }
    memory.tools = new Map(
      listings.flatMap(listing => (listing.ok ? listing.tools : [])).map(tool => [tool.name, tool]),
    )
    memory.toolsOf = agentVersion(agent)
  }
  if (memory.answered !== turn.spec.turn) await findOpened(scope, turn.spec.calls)
  const planned = turn.spec.calls.map(call => planCall(scope, agent, call, turn.status?.results ?? []))
  const before = statusOf(scope)
  const statusWith = (calls: readonly Step[]) => tracedStatus(scope, before, turn, calls)
  const bytes =
    storedBytes({ ...scope.run, status: statusWith(planned.map(({ step }) => step)) }) +
    planned.length * GROWTH_BYTES
  if (bytes > MAX_RUN_BYTES) {
    scope.failure = {
      reason: 'TranscriptTooLarge',
      message: `the trace of the run would take more than ${Math.floor(MAX_RUN_BYTES / 1024)} KiB with turn ${turn.spec.turn}; nothing of that turn was executed`,
    }
    return 'Again'
  }
  // Nothing is asked for: this answer and the end of the run are one write.
  if (planned.length === 0) return endRun(scope, 'Succeeded', turn.spec.text, statusWith([]))
  const results = planned.flatMap(({ result }) => (result ? [result] : []))
  const stored = await deps.turns.addResults(scope.run, turn, results)
  // Before the trace, so that whoever reads there that people are waited for finds what they are to decide.
  const gated = planned.filter(({ step }) => step.state === 'AwaitingApproval').map(({ call }) => call)
  await openRequests(scope, agent, gated, ({ tool }) => memory.tools.get(tool))
  // Asked only now: a process that is about to stop, or is not sure of the policies, begins nothing.
  const mayStart = deps.trusted() && !deps.draining()
  const calls = planned.map(({ call, step, free }) => ({
    call,
    step: free && mayStart && mayCall(scope, call) ? executing(scope, step) : step,
  }))
  const status = statusWith(calls.map(({ step }) => step))
  const begins = calls.some(({ step }) => step.state === 'Executing')
  const why: Waiting =
    status.phase === 'AwaitingApproval'
      ? waitsForPeople
      : { reason: 'Running', message: `turn ${turn.spec.turn}` }
  await startCalls(scope, agent, {
    turn: stored,
    calls: calls.filter(({ step }) => step.state === 'Executing').map(({ call }) => call),
    // Where nothing is begun people hear of it by the requests.
    write: () => writeStatus(scope, goingOnNow(scope, status, why), begins ? 'High' : 'Low'),
  })
  return 'Again'
}

/** The status with a turn in the trace. */
export const tracedStatus = (
  scope: Scope,
  before: AgentRunStatus,
  { spec }: AgentTurn,
  calls: readonly Step[],
): AgentRunStatus => ({
  ...before,
  phase: awaitsApproval(calls) ? 'AwaitingApproval' : 'Running',
  turns: spec.turn,
  agentGeneration: spec.agentGeneration,
  steps: [
    ...(before.steps ?? []),
    {
      type: 'Model',
      turn: spec.turn,
      at: spec.at,
      ...(spec.text === undefined ? {} : { text: shownText(scope, spec.text) }),
      toolCalls: spec.calls.map(({ id }) => id),
      ...(spec.usage === undefined ? {} : { usage: spec.usage }),
      durationSeconds: spec.durationSeconds,
    },
    ...calls,
  ],
})

/** Stored bytes that a run may take, and by how much the trace of one call may still grow once it is in it. */
const MAX_RUN_BYTES = 1_300_000
const GROWTH_BYTES = 8192

const needsTools = (turn: AgentTurn): boolean => turn.spec.calls.some(call => call.params !== undefined)

interface Planned {
  readonly call: TurnCall
  readonly step: Step
  readonly result?: TurnResult
  /** No gate stops it. */
  readonly free?: boolean
}

/** What becomes of one call of a new turn: refused, answered from the record, gated, or run at once. */
const planCall = (scope: Scope, agent: Agent, call: TurnCall, stored: readonly TurnResult[]): Planned => {
  const { deps, memory } = scope
  const step: Step = { type: 'ToolCall', id: call.id, tool: call.tool }
  const { params } = call
  const definition = memory.tools.get(call.tool)
  const toolset = agent.spec.toolsets.find(({ name }) => name === definition?.toolset)
  if (params === undefined || !definition || !toolset) {
    const text = call.refusal ?? `There is no tool named ${call.tool} any more.`
    return {
      call,
      step: { ...step, state: 'Failed', result: shownText(scope, text) },
      result: { id: call.id, kind: 'Error', text },
    }
  }
  const full = { ...call, params: params as JsonObject }
  const redact = agent.spec.approval?.redact ?? []
  const digests = digestsFor({
    run: scope.run,
    toolset,
    definition,
    call: full,
    redact,
    redactionKey: deps.redactionKey,
  })
  for (const secret of digests.secrets) memory.secrets.add(secret)
  const shown: Step = { ...step, params: shownParams(digests.shown) }
  const others = requestsOf(scope).filter(({ spec }) => spec.callID !== call.id)
  const twin = unapprovedTwin(call.tool, digests.paramsDigest, others)
  if (twin) {
    const answered = answeredFromRecord(shown, twin)
    const step: Step = { ...answered.step, result: shownText(scope, answered.text) }
    return { call, step, result: { id: call.id, kind: 'NotExecuted', text: answered.text } }
  }
  // Answered before a crash: what the model is told is not done after all, whatever else has changed since.
  const told = stored.find(({ id }) => id === call.id)
  if (told) return { call, step: { ...shown, state: 'Failed', result: shownText(scope, told.text) } }
  const gates = gatesOf(scope, agent, full, definition)
  // One that was put to people before a crash stays with them, whatever has become of the gate.
  const opened = requestsOf(scope).some(({ spec }) => spec.callID === call.id)
  if (gates || opened) {
    if (gates) memory.gates.set(call.id, gates)
    // The agent's conditions say so at once, not only when it is looked at next.
    if (gates?.some(({ outcome }) => outcome === 'ToolChanged'))
      deps.lookAtAgent(namespaceOf(scope), agent.metadata.name)
    return {
      call,
      step: {
        ...shown,
        state: 'AwaitingApproval',
        approvalRequest: requestName(scope.run.metadata.name, call.id),
      },
    }
  }
  return { call, step: { ...shown, state: 'Pending' }, free: true }
}

/** The gates that stop a call, as agent and project have them now. */
export const gatesOf = (
  scope: Scope,
  agent: Agent,
  call: TurnCall & { readonly params: JsonObject },
  definition: ToolDefinition,
) => {
  const { deps } = scope
  const project = deps.projects.find({ namespace: namespaceOf(scope), name: 'project' })
  return gatesFor({
    run: scope.run,
    agent,
    agentGates: deps.gates.compiled(agent.spec.approval?.tools ?? []),
    projectGates: deps.gates.compiled(project?.spec.approval?.tools ?? []),
    definition,
    call,
    redactionKey: deps.redactionKey,
  })
}
