import { isDeepStrictEqual } from 'node:util'
import type { Agent } from '../../../crds/v1alpha1/agent.ts'
import type { AgentRun, AgentRunStatus } from '../../../crds/v1alpha1/agentrun.ts'
import type { ApprovalRequest } from '../../../crds/v1alpha1/approvalrequest.ts'
import type { FiredGate } from '../../../crds/v1alpha1/gate.ts'
import type { Project } from '../../../crds/v1alpha1/project.ts'
import { agentRuns } from '../../../crds/v1alpha1/resources.ts'
import type { Client } from '../../../kube/client.ts'
import type { Logger } from '../../../kube/logger.ts'
import type { Urgency } from '../../../kube/turnstile.ts'
import type { Clock } from '../../../kube/types.ts'
import type { Egress, ModelAnswer, ModelRequest, ToolDefinition } from '../../agent/types.ts'
import type { NewEntry } from '../../audit/entry.ts'
import type { AuditWriter } from '../../audit/writer.ts'
import { countText, progressOf } from '../../policy/decisions.ts'
import type { GateBook } from '../../policy/gatebook.ts'
import { cutText } from '../../policy/json.ts'
import type { Toolbox } from '../../toolbox/toolbox.ts'
import type { TerminalPhase } from '../approvalrequest/settlement.ts'
import type { Cache, RecordEvent } from '../cache.ts'
import type { Effects } from './effects.ts'
import type { SlotLimits, Slots } from './slots.ts'
import { goingOn, type Waiting } from './status.ts'
import type { Failure } from './texts.ts'
import type { Turns } from './turns.ts'

/** What the run controller works with. */
export interface RunDeps {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly audit: AuditWriter
  readonly event: RecordEvent
  readonly runs: Cache<AgentRun>
  readonly agents: Cache<Agent>
  readonly requests: Cache<ApprovalRequest>
  readonly projects: Cache<Project>
  readonly turns: Turns
  readonly effects: Effects
  /** Who may begin something in the outside world, and how much at once. */
  readonly slots: Slots
  readonly limits: Pick<SlotLimits, 'perModel' | 'perToolset'>
  readonly toolbox: Toolbox
  readonly gates: GateBook
  readonly egress: Egress
  readonly askModel: (request: ModelRequest) => Promise<ModelAnswer>
  readonly redactionKey: Buffer
  /** Name of this process, unique for its life: `status.steps[].executor`. */
  readonly executor: string
  readonly modelTimeoutMs: number
  readonly trusted: () => boolean
  readonly draining: () => boolean
  /** Queues an agent: something was seen that its status should say. */
  readonly lookAtAgent: (namespace: string, name: string) => void
  /** Queues a run again. */
  readonly wake: (namespace: string, name: string) => void
  readonly settled: (phase: TerminalPhase, request: ApprovalRequest) => void
}

/** The tools of an agent (`of`: its `agentVersion`) as they were served at one time (ms). */
export interface Listed {
  readonly tools: readonly ToolDefinition[]
  readonly of: string
  readonly at: number
}

/** What this process remembers of a run between two looks; all of it can be had again. */
export interface RunMemory {
  /** RunStarted is known to be recorded. */
  startRecorded: boolean
  /**
   * The last turn whose answer this process has stored, so that nobody else can have opened a request of it; 0: it has
   * started the run; undefined: not known.
   */
  answered: number | undefined
  /** The tools that the question under way was asked with, and the agent (`agentVersion`) that served them. */
  tools: ReadonlyMap<string, ToolDefinition>
  toolsOf: string | undefined
  /** The tools for the question that the run stands in line for. */
  listed: Listed | undefined
  /** Gates that fired for calls whose request is not open yet. */
  readonly gates: Map<string, FiredGate[]>
  /** How the run ends: recorded already, to be written. */
  end: AgentRunStatus | undefined
  modelAttempts: number
  /** No question to the model before this time (ms). */
  retryAt: number
  /** Since when the run stands in line for its model or a tool (ms). */
  inLineSince: number | undefined
  /** Since when a toolset that is needed now does not answer (ms). */
  toolsetAwaySince: number | undefined
  /** Calls that this process is making, and how each is to be recorded should its run be gone when it ends. */
  readonly calling: Map<string, (outcome: string) => NewEntry>
  /** Why nothing can be recorded, since the last time that something should have been. */
  unrecorded: string | undefined
  /** Calls that are made again, although a process that is gone may have made them. */
  readonly retried: Set<string>
  /** UIDs of the requests of calls, for when a request is gone before its run. */
  readonly requests: Map<string, string>
  /** The values that appeared in the params of earlier turns are among `secrets`. */
  secretsKnown: boolean
  /** Hidden values that appeared in params, to be kept out of what is shown. */
  readonly secrets: Set<string | number>
}

export const newMemory = (): RunMemory => ({
  startRecorded: false,
  answered: undefined,
  tools: new Map(),
  toolsOf: undefined,
  listed: undefined,
  gates: new Map(),
  end: undefined,
  modelAttempts: 0,
  retryAt: 0,
  inLineSince: undefined,
  toolsetAwaySince: undefined,
  calling: new Map(),
  unrecorded: undefined,
  retried: new Set(),
  requests: new Map(),
  secretsKnown: false,
  secrets: new Set(),
})

/** One look at one run. `run` is replaced by the server's answer whenever it is written. */
export interface Scope {
  readonly deps: RunDeps
  readonly memory: RunMemory
  run: AgentRun
  /** As the cache has it at this look. */
  agent: Agent | undefined
  /** Set as soon as the run is bound to fail; written with the next status. */
  failure: Failure | undefined
}

/** What a look at a run comes to: look again at once, or when something happens, at the latest after a while. */
export type Next = 'Again' | { readonly requeueAfterMs?: number }

export const namespaceOf = (scope: Scope): string => scope.run.metadata.namespace ?? ''
export const uidOf = (scope: Scope): string => scope.run.metadata.uid ?? ''
export const statusOf = (scope: Scope): AgentRunStatus => scope.run.status ?? { phase: 'Pending' }
export const nowOf = (scope: Scope): string => new Date(scope.deps.clock.now()).toISOString()

/** The requests of this very run. */
export const requestsOf = (scope: Scope): readonly ApprovalRequest[] =>
  scope.deps.requests.byIndex('runUID', uidOf(scope))

/** The status of a run that goes on. While nothing can be recorded that is what it waits for, whatever else there is. */
export const goingOnNow = (scope: Scope, status: AgentRunStatus, waiting: Waiting): AgentRunStatus => {
  const { unrecorded } = scope.memory
  const why: Waiting =
    unrecorded === undefined
      ? waiting
      : { reason: 'AuditUnavailable', message: `${unrecorded}: nothing is done meanwhile` }
  return goingOn(status, why, scope.run.metadata.generation ?? 1, nowOf(scope), name =>
    progressIn(scope, name),
  )
}

/** How far one of several approvals that a request needs are; undefined where one is enough. */
const progressIn = (scope: Scope, name: string): string | undefined => {
  const request = requestsOf(scope).find(one => one.metadata.name === name)
  return request && request.spec.requiredApprovals > 1 ? countText(progressOf(request)) : undefined
}

/**
 * Writes the status if it differs, with the resourceVersion that was read: if anybody wrote meanwhile this rejects
 * with a conflict, and nothing that depends on it happens.
 */
export const writeStatus = async (
  scope: Scope,
  status: AgentRunStatus,
  urgency: Urgency = 'Normal',
): Promise<void> => {
  const next = withFailure(status, scope.failure)
  // Compared as JSON: the API server gives members back in its own order.
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(next)), scope.run.status)) return
  const written = await scope.deps.client.replace(
    agentRuns,
    { ...scope.run, status: next },
    { subresource: 'status', urgency },
  )
  if (written.status?.phase !== scope.run.status?.phase) {
    scope.deps.log.info(
      {
        namespace: namespaceOf(scope),
        name: scope.run.metadata.name,
        phase: written.status?.phase,
        reason: written.status?.failure?.reason,
      },
      'run changed its phase',
    )
  }
  scope.run = written
  scope.deps.runs.wrote(written)
}

/** A failure is written as soon as it is known, so that it outlives this process; one that is not the run's end is not. */
const withFailure = (status: AgentRunStatus, known: Failure | undefined): AgentRunStatus => {
  const { failure = known, ...rest } = status
  if (!failure || status.phase === 'Succeeded' || status.phase === 'Cancelled') return rest
  return { ...rest, failure: { ...failure, message: cutText(failure.message, 4096) } }
}
