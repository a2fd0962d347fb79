import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { Step } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn, TurnCall, TurnResult } from '../../../crds/v1alpha1/agentturn.ts'
import type { JsonObject } from '../../../crds/v1alpha1/common.ts'
import type { ToolDefinition } from '../../agent/types.ts'
import { storedBytes } from '../../stored-size.ts'
import { callsOf, MAX_TURN_BYTES, turnSpec } from './answer.ts'
import type { ModelOutcome } from './effects.ts'
import { executing, startCalls } from './execute.ts'
import { answeredFromRecord, digestsFor, gatesFor, requestName, unapprovedTwin } from './gating.ts'
import {
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
import { goingOn } from './status.ts'

/** Stores an answer: the transcript first, then the trace, before anything else happens. */
export const storeAnswer = async (
  scope: Scope,
  agent: Agent,
  turn: number,
  outcome: Extract<ModelOutcome, { ok: true }>,
): Promise<Next> => {
  const { memory, run, deps } = scope
  const spec = turnSpec({
    answer: outcome.answer,
    calls: callsOf(outcome.answer, turn, memory.tools),
    run: { name: run.metadata.name, uid: uidOf(scope) },
    turn,
    agentGeneration: agent.metadata.generation ?? 0,
    at: nowOf(scope),
    durationSeconds: outcome.durationSeconds,
  })
  const bytes = storedBytes(spec)
  if (bytes > MAX_TURN_BYTES) {
    scope.failure = {
      reason: 'TranscriptTooLarge',
      message: `the model's answer of turn ${turn} takes ${Math.ceil(bytes / 1024)} KiB; at most ${MAX_TURN_BYTES / 1024} KiB can be stored`,
    }
    return 'Again'
  }
  memory.modelAttempts = 0
  return storeTurn(scope, agent, await deps.turns.create(run, spec))
}

/** Puts a stored turn into the trace: what becomes of each call is decided here, once. */
export const storeTurn = async (scope: Scope, agent: Agent, turn: AgentTurn): Promise<Next> => {
  const { deps, memory } = scope
  if (needsTools(turn) && memory.tools.size === 0) {
    const listings = await deps.toolbox.list(agent, AbortSignal.timeout(30_000))
    const away = listings.find(listing => !listing.ok)
    // Without the schema no gate can be evaluated and no digest made: wait for the toolset.
    if (away && !away.ok) throw new Error(`${away.toolset}: ${away.message}`)
    memory.tools = new Map(
      listings.flatMap(listing => (listing.ok ? listing.tools : [])).map(tool => [tool.name, tool]),
    )
  }
  const planned = turn.spec.calls.map(call => planCall(scope, agent, call))
  const results = planned.flatMap(({ result }) => (result ? [result] : []))
  const stored = await deps.turns.addResults(scope.run, turn, results)
  const status = statusOf(scope)
  const model: Step = {
    type: 'Model',
    turn: turn.spec.turn,
    at: turn.spec.at,
    ...(turn.spec.text === undefined ? {} : { text: shownText(scope, turn.spec.text) }),
    toolCalls: turn.spec.calls.map(({ id }) => id),
    ...(turn.spec.usage === undefined ? {} : { usage: turn.spec.usage }),
    durationSeconds: turn.spec.durationSeconds,
  }
  const free = planned.filter(({ step }) => step.state === 'Executing')
  await startCalls(scope, agent, {
    turn: stored,
    calls: free.map(({ call }) => call),
    write: () =>
      writeStatus(
        scope,
        goingOn(
          {
            ...status,
            phase: 'Running',
            turns: turn.spec.turn,
            agentGeneration: turn.spec.agentGeneration,
            steps: [...(status.steps ?? []), model, ...planned.map(({ step }) => step)],
          },
          { reason: 'Running', message: `turn ${turn.spec.turn}` },
          scope.run.metadata.generation ?? 1,
          nowOf(scope),
        ),
      ),
  })
  return 'Again'
}

const needsTools = (turn: AgentTurn): boolean => turn.spec.calls.some(call => call.params !== undefined)

interface Planned {
  readonly call: TurnCall
  readonly step: Step
  readonly result?: TurnResult
}

/** What becomes of one call of a new turn: refused, answered from the record, gated, or run at once. */
const planCall = (scope: Scope, agent: Agent, call: TurnCall): Planned => {
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
  const twin = unapprovedTwin(call.tool, digests.paramsDigest, requestsOf(scope))
  if (twin) {
    const answered = answeredFromRecord(shown, twin)
    return { call, step: answered.step, result: { id: call.id, kind: 'NotExecuted', text: answered.text } }
  }
  const gates = gatesOf(scope, agent, full, definition)
  if (gates) {
    memory.gates.set(call.id, gates)
    return {
      call,
      step: { ...shown, state: 'Pending', approvalRequest: requestName(scope.run.metadata.name, call.id) },
    }
  }
  const start = deps.trusted() && !deps.draining()
  return { call, step: start ? executing(scope, shown) : { ...shown, state: 'Pending' } }
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
