import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun } from '../../../crds/v1alpha1/agentrun.ts'
import type { AgentTurn } from '../../../crds/v1alpha1/agentturn.ts'
import { buildMessages } from '../../agent/conversation.ts'
import { modelURL } from '../../agent/model/provider.ts'
import { ModelError } from '../../agent/types.ts'
import { readSecret } from '../../egress/secrets.ts'
import { findCondition, isTrue } from '../conditions.ts'
import type { ModelFlight, ModelOutcome } from './effects.ts'
import {
  goingOnNow,
  type Listed,
  type Next,
  namespaceOf,
  type Scope,
  statusOf,
  uidOf,
  writeStatus,
} from './scope.ts'
import { askingFor, millisecondsLeft, type Waiting } from './status.ts'
import { storeAnswer, storeTurn } from './store-answer.ts'
import { mayAsk, queuedForModel, unsaidFor } from './turn-in-line.ts'

/** Tries of one question before the run fails with ModelError; between them 1, 2, 4, 8 and 16 seconds, or what the provider asks. */
const MODEL_ATTEMPTS = 6
const LONGEST_RETRY_SECONDS = 600
/** How long a toolset may be away before the model is asked without its tools. */
const TOOLSET_PATIENCE_MS = 30_000
export const TOOLSET_RETRY_MS = 2_000
/** For how long the gates take tools for what they were when they were listed, before the model is asked. */
const TOOLS_LAST_MS = 60_000

/** Defaults of `spec.limits`, for an Agent without that block. */
export const DEFAULT_LIMITS = { maxTurns: 20, maxRunSeconds: 86_400 } as const

/** Asks the model for the next turn, waits for its answer, stores it. */
export const askNext = async (scope: Scope, agent: Agent): Promise<Next> => {
  const { deps, memory } = scope
  const turn = (statusOf(scope).turns ?? 0) + 1
  const flight = deps.effects.model(uidOf(scope))
  switch (flight.state) {
    case 'Asking':
      return wait(scope, agent, askingFor(turn))
    case 'Done': {
      const { outcome } = flight
      // Kept until it is stored: the next answer would be another one, and costs as much.
      if (flight.turn === turn && outcome.ok) await storeAnswer(scope, turn, outcome)
      deps.effects.forgetModel(uidOf(scope))
      return flight.turn === turn && !outcome.ok ? modelFailed(scope, agent, outcome.error) : 'Again'
    }
    case 'None': {
      if (deps.draining()) return {}
      const { maxTurns } = agent.spec.limits ?? DEFAULT_LIMITS
      if (turn > maxTurns) {
        scope.failure = {
          reason: 'MaxTurns',
          message: `the run took ${maxTurns} turns without an end (limits.maxTurns)`,
        }
        return 'Again'
      }
      const unusable = whyUnusable(agent)
      if (unusable) return wait(scope, agent, { reason: 'AgentNotReady', message: unusable })
      // An answer that is stored but not in the trace yet. Only now, and with the agent as it is now: a gate that was
      // made wrong while the model was asked stops the run, it un-gates nothing.
      // Where this process stored the one before, only an operator that it does not know of can have stored this one,
      // and that shows when it is stored again.
      const stored = memory.answered === turn - 1 ? undefined : await deps.turns.find(scope.run, turn)
      if (stored) return storeTurn(scope, agent, stored)
      const now = deps.clock.now()
      if (memory.retryAt > now) return { requeueAfterMs: sooner(scope, agent, memory.retryAt - now) }
      return ask(scope, agent, turn)
    }
  }
}

/** An agent as it was at one generation. */
export const agentVersion = ({ metadata }: Agent): string => `${metadata.uid}/${metadata.generation}`

/** Why no further turn may be run with the agent as it is now; undefined when it may. */
export const whyUnusable = (agent: Agent): string | undefined => {
  const { conditions, observedGeneration } = agent.status ?? {}
  if (observedGeneration !== agent.metadata.generation)
    return 'the operator has not looked at the latest change of the agent yet'
  if (!isTrue(conditions, 'Accepted'))
    return findCondition(conditions, 'Accepted')?.message ?? 'the agent is not accepted'
  const resolved = findCondition(conditions, 'ToolsResolved')
  // A toolset that is away after it was resolved once stops nothing: its calls will say so.
  if (resolved?.status === 'False' && !(resolved.reason === 'ToolsetUnavailable' && agent.status?.tools))
    return resolved.message
  return undefined
}

/** Milliseconds until the run is looked at again: `ms`, or when its time is over. */
export const sooner = (scope: Scope, agent: Agent, ms: number): number =>
  Math.max(0, Math.min(ms, timeLeft(scope, agent) ?? ms))

const timeLeft = (scope: Scope, agent: Agent): number | undefined =>
  millisecondsLeft(scope.run, (agent.spec.limits ?? DEFAULT_LIMITS).maxRunSeconds, scope.deps.clock.now())

/** Says what the run waits for; it is looked at again when its time is over at the latest. */
export const wait = async (scope: Scope, agent: Agent, waiting: Waiting): Promise<Next> => {
  const left = timeLeft(scope, agent)
  await writeStatus(scope, goingOnNow(scope, { ...statusOf(scope), phase: 'Running' }, waiting))
  return left === undefined ? {} : { requeueAfterMs: Math.max(0, left) }
}

const ask = async (scope: Scope, agent: Agent, turn: number): Promise<Next> => {
  const { deps, memory } = scope
  const listed = await toolsFor(scope, agent)
  if (!('tools' in listed)) return listed
  const { tools, of, at } = listed
  if (!mayAsk(scope, agent)) {
    memory.listed = listed
    return standInLine(scope, agent)
  }
  memory.inLineSince = undefined
  memory.listed = undefined
  const conversation = await conversationOf(scope, turn)
  const key = await apiKeyOf(scope, agent)
  if (!key.ok) return modelFailed(scope, agent, new ModelError('Transient', key.message))
  memory.tools = new Map(tools.map(tool => [tool.name, tool]))
  const startedAt = deps.clock.now()
  // After long in line the model is told of the tools as they were; its calls are put to the gates with what is served then.
  memory.toolsOf = startedAt - at <= TOOLS_LAST_MS ? of : undefined
  const { namespace = '', name } = scope.run.metadata
  deps.effects.ask(
    uidOf(scope),
    turn,
    async (signal): Promise<ModelOutcome> => {
      const answer = await deps.askModel({
        model: agent.spec.model,
        ...(key.value === undefined ? {} : { apiKey: key.value }),
        ...(agent.spec.systemPrompt === undefined ? {} : { system: agent.spec.systemPrompt }),
        messages: conversation,
        tools,
        signal,
        timeoutMs: deps.modelTimeoutMs,
        egress: deps.egress,
      })
      return { ok: true, answer, durationSeconds: (deps.clock.now() - startedAt) / 1000 }
    },
    () => deps.wake(namespace, name),
  )
  return wait(scope, agent, askingFor(turn))
}

const standInLine = (scope: Scope, agent: Agent): Promise<Next> | Next => {
  const left = unsaidFor(scope)
  return left > 0 ? { requeueAfterMs: sooner(scope, agent, left) } : wait(scope, agent, queuedForModel)
}

/**
 * The tools that the model is to be told of, or what the look comes to where they cannot be had. The tool servers are
 * asked before the run stands in line, and not again when its turn has come: one that hangs holds no slot of a model.
 */
const toolsFor = async (scope: Scope, agent: Agent): Promise<Listed | Exclude<Next, 'Again'>> => {
  const { deps, memory } = scope
  const of = agentVersion(agent)
  if (memory.listed?.of === of) return memory.listed
  // It stood in line for the model that the agent had before.
  if (memory.listed) deps.slots.give(uidOf(scope), 'model')
  memory.listed = undefined
  const listings = await deps.toolbox.list(agent)
  const away = listings.filter(listing => !listing.ok && listing.lastKnown.length === 0)
  const at = deps.clock.now()
  if (away.length > 0) {
    memory.toolsetAwaySince ??= at
    if (at - memory.toolsetAwaySince < TOOLSET_PATIENCE_MS) {
      const message = away.map(listing => (listing.ok ? '' : listing.message)).join('; ')
      await wait(scope, agent, { reason: 'ToolsetUnavailable', message })
      return { requeueAfterMs: TOOLSET_RETRY_MS }
    }
  }
  memory.toolsetAwaySince = undefined
  return { tools: listings.flatMap(listing => (listing.ok ? listing.tools : listing.lastKnown)), of, at }
}

/** The conversation so far, that of the runs it continues from before it. */
const conversationOf = async (scope: Scope, turn: number) => {
  const { deps, run } = scope
  const earlier: { input: string; turns: AgentTurn[] }[] = []
  for (const before of earlierRuns(scope)) {
    const turns = await deps.turns.all(before, before.status?.turns ?? 0)
    earlier.unshift({ input: before.spec.input ?? '', turns })
  }
  return buildMessages({ input: run.spec.input ?? '', turns: await deps.turns.all(run, turn - 1), earlier })
}

/** The runs that a run continues from, the last one first, as far as they are still there. */
export const earlierRuns = (scope: Scope): AgentRun[] => {
  const { deps, run } = scope
  const runs: AgentRun[] = []
  const seen = new Set([run.metadata.name])
  for (let ref = run.spec.continueFrom; ref && !seen.has(ref.name); ) {
    seen.add(ref.name)
    const before: AgentRun | undefined = deps.runs.find({ namespace: namespaceOf(scope), name: ref.name })
    if (!before) break
    runs.push(before)
    ref = before.spec.continueFrom
  }
  return runs
}

const apiKeyOf = async (
  scope: Scope,
  agent: Agent,
): Promise<{ ok: true; value: string | undefined } | { ok: false; message: string }> => {
  const ref = agent.spec.model.apiKeySecretRef
  if (!ref) return { ok: true, value: undefined }
  const secret = await readSecret({
    client: scope.deps.client,
    namespace: namespaceOf(scope),
    name: ref.name,
    host: modelHost(agent),
  })
  if (!secret.ok) return secret
  const value = secret.data[ref.key]
  return value === undefined
    ? { ok: false, message: `Secret ${ref.name} has no key ${ref.key}` }
    : { ok: true, value }
}

/** The host that the model's key is sent to. */
export const modelHost = (agent: Agent): string => modelURL(agent.spec.model)?.hostname ?? ''

const modelFailed = async (scope: Scope, agent: Agent, error: unknown): Promise<Next> => {
  const { deps, memory } = scope
  memory.modelAttempts += 1
  const known = error instanceof ModelError
  const message = known
    ? error.message
    : 'the question to the model failed because of a fault in the operator'
  if (!known)
    deps.log.error(
      {
        namespace: namespaceOf(scope),
        name: scope.run.metadata.name,
        error: String(error instanceof Error ? error.name : typeof error),
      },
      'asking the model failed',
    )
  if ((known && error.kind === 'Permanent') || memory.modelAttempts >= MODEL_ATTEMPTS) {
    const tries = memory.modelAttempts > 1 ? ` (${memory.modelAttempts} tries)` : ''
    scope.failure = { reason: 'ModelError', message: `${message}${tries}` }
    return 'Again'
  }
  const asked = known ? error.retryAfterSeconds : undefined
  const seconds = Math.min(asked ?? 2 ** (memory.modelAttempts - 1), LONGEST_RETRY_SECONDS)
  memory.retryAt = deps.clock.now() + seconds * 1000
  await wait(scope, agent, { reason: 'ModelUnavailable', message: `${message}; asked again in ${seconds} s` })
  return { requeueAfterMs: sooner(scope, agent, seconds * 1000) }
}

/** Whether a question is under way that must be abandoned because the run stops. */
export const abandonQuestion = (scope: Scope): void => {
  const flight: ModelFlight = scope.deps.effects.model(uidOf(scope))
  if (flight.state !== 'None') scope.deps.effects.forgetModel(uidOf(scope))
}
